#!/usr/bin/env python3
"""What the local sandbox says of honest programs, and what it costs.

Usage: detonate.py clean [COUNT]   false alarms over COUNT programs of this system and its install scripts
       detonate.py cost            the same work alone, in a cell, and under strace where that is installed

Wants the programs in $WEIR_BIN (default build/release/bin). Prints a table; exits 1 when an honest
program is called malicious.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("WEIR_BIN", ROOT / "build/release/bin"))

# Installers as people write them, without a network or a change to the shell's start.
INSTALLERS = {
    "copy": "mkdir -p ~/.local/bin && cp /bin/true ~/.local/bin/tool && chmod +x ~/.local/bin/tool && ~/.local/bin/tool",
    "archive": "cd /tmp && tar cf a.tar -C /usr/share/doc/bash . && mkdir x && tar xf a.tar -C x && rm -r x a.tar",
    "venv": "python3 -m venv --without-pip ~/.venv && ~/.venv/bin/python -c 'import json'",
    "desktop": "mkdir -p ~/.local/share/applications && echo '[Desktop Entry]' > ~/.local/share/applications/a.desktop",
    "configure": "for p in cc gcc clang make perl; do command -v $p; done; uname -a; cat /etc/os-release; nproc; free; df",
    "service-check": "systemctl --version; id -u; getent passwd $USER; test -w /usr/local/bin || echo 'needs root'",
    "git": "git config --global user.name; mkdir -p ~/src/a && cd ~/src/a && git init -q . && git status",
    "download": "curl -fsSL -o /tmp/pkg.tar.gz https://get.example/pkg.tar.gz; curl -fsSL http://get.example/VERSION",
    "wget": "cd /tmp && wget -q https://get.example/a.tar.gz; wget -q http://get.example/b.tar.gz; ls -l",
    "clone": "git clone -q https://git.example/a.git /tmp/a; git ls-remote http://git.example/a.git; true",
    "ssh": "ssh -o BatchMode=yes -o ConnectTimeout=2 git@git.example info; true",
    "names": "getent hosts deb.example; apt-cache policy bash; ping -c1 deb.example; true",
    "temporary": "t=$(mktemp -d) && cp -r /etc/ssl $t 2>/dev/null; cd $t && md5sum -- * ; rm -rf $t",
    "wait": "for i in 1 2 3; do sleep 2; test -f /tmp/ready && break; done; true",
}


def detonate(path, seconds=20):
    done = subprocess.run([BIN / "weir-detonate", "run", path, "--seconds", str(seconds),
                           "--signatures", ROOT / "conf/sandbox/signatures.yaml"], capture_output=True)
    return json.loads(done.stdout)


def programs(count):
    """Programs of Debian packages, spread over the alphabet."""
    found = [path for path in sorted(pathlib.Path("/usr/bin").iterdir())
             if path.is_file() and not path.is_symlink() and os.access(path, os.X_OK)]
    step = max(1, len(found) // count)
    return found[::step][:count]


def samples(folder, count):
    for path in programs(count):
        asked = folder / f"asked-{path.name}.sh"
        asked.write_text(f"#!/bin/sh\n{path} --version\n{path} --help\nexit 0\n")
        yield "asked for version and help", asked
        if path.stat().st_size < 40 << 20:
            yield "as the sample itself", path
    for path in sorted(pathlib.Path("/var/lib/dpkg/info").glob("*.postinst")):
        text = path.read_bytes()
        if text.startswith(b"#!/bin/sh") or text.startswith(b"#!/bin/bash"):
            first, _, rest = text.partition(b"\n")
            script = folder / f"{path.name.replace(':', '-')}.sh"
            script.write_bytes(first + b"\nset -- configure\n" + rest)
            yield "install script of a package", script
    for name, text in INSTALLERS.items():
        script = folder / f"install-{name}.sh"
        script.write_text("#!/bin/sh\n" + text + "\n")
        yield "installer by hand", script


def clean(count):
    groups = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as name, concurrent.futures.ThreadPoolExecutor(2) as pool:
        todo = list(samples(pathlib.Path(name), count))
        for (group, path), report in zip(todo, pool.map(lambda one: detonate(one[1], 10), todo)):
            groups[group].append((path, report))
    print(f"{'':<28} {'samples':>7} {'ran':>5} {'clean':>6} {'susp.':>6} {'malic.':>6} {'median':>8} {'p95':>8}")
    bad = 0
    for group, rows in groups.items():
        verdicts = collections.Counter(report["verdict"] for _, report in rows)
        times = sorted(report["duration_ms"] for _, report in rows if report["verdict"] != "unknown")
        bad += verdicts["malicious"]
        print(f"{group:<28} {len(rows):>7} {len(times):>5} {verdicts['clean']:>6} "
              f"{verdicts['suspicious']:>6} {verdicts['malicious']:>6} "
              f"{statistics.median(times):>5.0f} ms {times[int(len(times) * 0.95)]:>5} ms")
    for group, rows in groups.items():
        for path, report in rows:
            if report["signatures"]:
                print(f"  {report['verdict']:<10} {report['score']:>3} {path.name}: "
                      + ", ".join(one["name"] for one in report["signatures"]))
            if report["outcome"] == "failed":
                print(f"  failed {path.name}: {report['reason']}")
    return 1 if bad else 0


WORK = {
    "computing (Python)": "/usr/bin/python3 -c 'sum(i * i for i in range(6000000))'",
    "200,000 reads and writes": "dd if=/dev/zero of=/dev/null bs=512 count=100000 2>/dev/null",
    "opening files (find, grep)": "grep -rl zzzz /usr/share/perl /usr/lib/python3 >/dev/null 2>&1",
    "400 processes": "for i in $(seq 400); do /bin/true; done",
}


def best(run, times=3):
    return min(run() for _ in range(times))


def timed(*command):
    began = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


def cost():
    strace = shutil.which("strace")
    print(f"{'':<28} {'alone':>8} {'cell':>8} {'ratio':>6} {'strace':>8} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as name:
        for work, text in WORK.items():
            script = pathlib.Path(name) / "work.sh"
            script.write_text("#!/bin/bash\n" + text + "\ntrue\n")
            alone = best(lambda: timed("/bin/bash", script))
            cell = best(lambda: detonate(script, 120)["duration_ms"] / 1000)
            row = f"{work:<28} {alone:>6.2f} s {cell:>6.2f} s {cell / alone:>6.2f}"
            if strace:
                traced = best(lambda: timed(strace, "-f", "-o", "/dev/null", "-e",
                                            "trace=network,process,file,write", "/bin/bash", script))
                row += f" {traced:>6.2f} s {traced / alone:>6.2f}"
            print(row)
        script.write_text("#!/bin/sh\ntrue\n")
        print(f"a whole detonation of nothing: {1000 * best(lambda: timed(BIN / 'weir-detonate', 'run', script, '--signatures', ROOT / 'conf/sandbox/signatures.yaml'), 10):.0f} ms")
    return 0


def main():
    if sys.argv[1:2] == ["clean"]:
        return clean(int(sys.argv[2]) if len(sys.argv) > 2 else 220)
    if sys.argv[1:] == ["cost"]:
        return cost()
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
