#!/usr/bin/env python3
"""Files at rest: `weir scan` beside clamscan, the same folder and signatures, in one run.

    bench/scan_speed.py FOLDER [--rounds 3] [--weir build/release/bin/weir]

Prints wall and CPU seconds, MB/s and files/s, and the peak of the resident memory of all processes of
each (PSS, so that what forks share counts once). weir runs twice: with the same signatures and its own
rules and readers besides, and with an empty ClamAV, which shows what those cost.
"""
import argparse
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time


def signatures(folder):
    """As many random signatures as the other scenarios have, so that matching has work to do."""
    rnd = random.Random(7)
    folder.mkdir()
    (folder / "bench.ndb").write_text("".join(
        f"Bench.Rnd{i}:0:*:{rnd.randbytes(24).hex()}\n" for i in range(20000)))
    (folder / "bench.hdb").write_text("".join(
        f"{rnd.randbytes(16).hex()}:{rnd.randrange(100, 9000000)}:Bench.H{i}\n"
        for i in range(100000)))


def below(root):
    """The process and all its children."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(entry.joinpath("stat").read_text().rsplit(")")[-1].split()[1])
            except OSError:
                pass
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def pss(pids):
    total = 0
    for pid in pids:
        try:
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1])
        except (OSError, StopIteration):
            pass
    return total


def cpu(pids):
    """User and system seconds of these and of their children that have ended."""
    total = 0
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()
            total += sum(int(ticks) for ticks in fields[11:15])
        except OSError:
            pass
    return total / os.sysconf("SC_CLK_TCK")


def run(command):
    """Wall and CPU seconds, memory in MiB: at a tenth of the time, at the end, and the peak."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    samples, spent, stop = [], [0.0], threading.Event()

    def watch():
        while not stop.wait(0.3):
            pids = below(process.pid)
            spent.append(cpu(pids))
            samples.append(pss(pids) / 1024)
    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    wall = time.monotonic() - began
    stop.set()
    watcher.join()
    samples = samples or [0.0]
    steady = samples[len(samples) // 5:] or samples
    return {"wall": wall, "cpu": max(spent), "code": code, "peak": max(samples),
            "early": statistics.mean(steady[:max(1, len(steady) // 4)]),
            "late": statistics.mean(steady[-max(1, len(steady) // 4):])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    source = pathlib.Path(__file__).resolve().parent.parent
    parser.add_argument("--weir", type=pathlib.Path, default=source / "build/release/bin/weir")
    arguments = parser.parse_args()
    files = [path for path in arguments.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files) / 1e6
    print(f"{len(files)} files, {size:.0f} MB")

    with tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(scratch)
        signatures(work / "clamav")
        (work / "rules").mkdir()
        for rules in (source / "conf/rules").glob("*.yar"):
            (work / "rules" / rules.name).write_bytes(rules.read_bytes())
        (work / "none").mkdir()
        commands = {"clamscan": ["clamscan", "-r", "--quiet", f"--database={work}/clamav",
                                 str(arguments.folder)]}
        for name, database in (("weir", "clamav"), ("weir without signatures", "none")):
            (work / f"{database}.yaml").write_text(
                f"state_dir: {work}/state-{database}\npolicy_file: {source}/conf/policy.yaml\n"
                f"inspect: {{rules_dir: rules, clamav_dir: {database}}}\n")
            commands[name] = [str(arguments.weir), "scan", "--config", f"{work}/{database}.yaml",
                              "--json", str(arguments.folder)]
        runs = {name: [] for name in commands}
        for turn in range(arguments.rounds):
            names = list(commands)
            for name in names[turn % len(names):] + names[:turn % len(names)]:
                runs[name].append(run(commands[name]))
                print(f"  {name}: {runs[name][-1]}", file=sys.stderr)
    print("| | wall s | CPU s | MB/s | files/s | CPU to clamscan | MiB early | late | peak | exit |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    reference = statistics.median(each["cpu"] for each in runs["clamscan"])
    for name, each in runs.items():
        mid = {key: statistics.median(one[key] for one in each) for key in each[0]}
        print(f"| {name} | {mid['wall']:.1f} | {mid['cpu']:.1f} | {size / mid['wall']:.1f} | "
              f"{len(files) / mid['wall']:.0f} | {mid['cpu'] / reference:.2f} | {mid['early']:.0f} | "
              f"{mid['late']:.0f} | {mid['peak']:.0f} | {mid['code']:.0f} |")


if __name__ == "__main__":
    main()
