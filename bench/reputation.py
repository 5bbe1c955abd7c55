#!/usr/bin/env python3
"""The same list of bad hosts in weir and in what people use today: Squid, E2guardian, dnsmasq, unbound.

    bench/reputation.py [--names 13752,1000000] [--peers weir,squid,...] [--json FILE]

The list is that of the npm package eth-phishing-detect, filled up with made-up names of its kind. For each
peer: how long until the list is in force, memory of all its processes (PSS), and the processor time of one
request for a listed host (refused) and one for another (let through to an origin here). Name servers are
asked by DNS. The rate depends on this script; processor time does not.
"""

import argparse
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("WEIR_BIN", ROOT / "build/release/bin"))
REQUESTS = 4000
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    """Free for TCP and UDP: name servers take both."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            one.bind(("127.0.0.1", 0))
            try:
                other.bind(one.getsockname())
            except OSError:
                continue
            return one.getsockname()[1]


def phishing_names(folder):
    done = subprocess.run(["npm", "pack", "--silent", "eth-phishing-detect"], cwd=folder, check=True,
                          capture_output=True, text=True)
    with tarfile.open(folder / done.stdout.strip().splitlines()[-1]) as package:
        config = json.load(package.extractfile("package/src/config.json"))
    label = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    return [name for name in config["blacklist"] if re.fullmatch(rf"({label}\.)+{label}", name)]


def made_up(count, like, seed=7):
    pick = random.Random(seed)
    words = [name.split(".")[0][:50] for name in like]
    tops = [top for name in like if (top := name.rsplit(".", 1)[1]).isalpha()]
    return [f"{pick.choice(words)}-{n:x}.{pick.choice(tops)}" for n in range(count)]


def tree(pid):
    found = [pid]
    for one in found:
        try:
            for task in pathlib.Path(f"/proc/{one}/task").iterdir():
                found += [int(word) for word in (task / "children").read_text().split()]
        except OSError:
            pass
    return found


def pss_mib(pids):
    total = 0
    for pid in pids:
        try:
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:
            pass
    return total / 1024


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return total / TICKS


class Origin:
    """Answers everything with one small page, keep-alive."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    @staticmethod
    def serve(connection):
        answer = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
                  b"Cache-Control: no-store\r\n\r\nok")
        try:
            kept = b""
            while data := connection.recv(65536):
                kept += data
                while b"\r\n\r\n" in kept:
                    kept = kept.split(b"\r\n\r\n", 1)[1]
                    connection.sendall(answer)
        except OSError:
            pass


class HttpClient:
    def __init__(self, port, mark=None):
        """`mark`: what the page of a refusal holds that comes with status 200."""
        self.port, self.mark = port, mark
        self.connection = None

    def status(self, host, port):
        request = (f"GET http://{host}:{port}/ HTTP/1.1\r\nHost: {host}:{port}\r\n"
                   "User-Agent: bench\r\n\r\n").encode()
        for again in (False, True):
            try:
                if self.connection is None:
                    self.connection = socket.create_connection(("127.0.0.1", self.port), 20)
                self.connection.sendall(request)
                return self.answer()
            except (OSError, ValueError):
                self.connection = None
                if again:
                    raise
        return 0

    def answer(self):
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.connection.recv(65536)
            if not more:
                raise ValueError("closed")
            data += more
        head, body = data.split(b"\r\n\r\n", 1)
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
        closing = b"close" in fields.get(b"connection", b"") + fields.get(b"proxy-connection", b"")
        length = int(fields.get(b"content-length", -1))
        closing = closing or length < 0
        while length < 0 or len(body) < length:
            more = self.connection.recv(65536)
            if not more:
                break
            body += more
        if closing:
            self.connection.close()
            self.connection = None
        return 403 if self.mark and self.mark in body else int(head.split()[1])


class DnsClient:
    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(2)
        self.socket.connect(("127.0.0.1", port))

    def status(self, host, _):
        """403 for what is refused: NXDOMAIN, or the address 0.0.0.0."""
        name = b"".join(bytes([len(part)]) + part.encode() for part in host.split(".")) + b"\0"
        self.socket.send(struct.pack(">6H", 1, 0x100, 1, 0, 0, 0) + name + struct.pack(">2H", 1, 1))
        answer = self.socket.recv(4096)
        if answer[3] & 15 == 3 or answer.endswith(b"\0\0\0\0"):
            return 403
        return 200


def parents(name):
    parts = name.split(".")
    return [".".join(parts[at:]) for at in range(1, len(parts))]


class Peer:
    kind = "proxy"
    mark = None
    other = "pass.test"

    def __init__(self, folder, origin):
        self.folder, self.origin = folder, origin
        self.port = free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.processes = []

    def run(self, *command, **options):
        log = open(self.folder / "log", "ab")
        self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, **options))

    def client(self):
        return DnsClient(self.port) if self.kind == "dns" else HttpClient(self.port, self.mark)

    def pids(self):
        return [pid for process in self.processes for pid in tree(process.pid)]

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


class Weir(Peer):
    def start(self, names):
        (self.folder / "list.txt").write_text("\n".join(names) + "\n")
        (self.folder / "feeds.yaml").write_text(
            "version: 1\nfeeds:\n  - {name: list, file: list.txt, format: domains, threat: phishing, "
            "confidence: 90, max_bytes: 1GiB}\n")
        (self.folder / "policy.yaml").write_text(
            f"version: 1\nnetwork: {{http_ports: [{self.origin}], open_addresses: [127.0.0.0/8]}}\n"
            "connect: [{name: all, action: intercept}]\n"
            "request:\n  - {name: listed, when: {reputation: any}, action: block}\n"
            "  - {name: rest, action: allow}\n"
            "profiles: {plain: {delivery: direct, scanners: []}}\n"
            "response: [{name: all, action: allow, profile: plain}]\n"
            "verdict: [{name: all, action: allow}]\n")
        (self.folder / "rules").mkdir(exist_ok=True)
        (self.folder / "weir.yaml").write_text(
            "state_dir: state\nthreads: 1\npolicy_file: policy.yaml\nfeeds_file: feeds.yaml\n"
            f"sandbox_file: ''\nlisten: {{proxy: ['127.0.0.1:{self.port}'], admin: '127.0.0.1:0'}}\n"
            "dns: {hosts_only: true, hosts: {pass.test: [127.0.0.1]}}\n"
            "names: {brands_file: '', doh_file: '', cloud_file: ''}\n"
            "inspect: {rules_dir: rules, clamav_dir: rules, workers: 1}\nhistory: {record: false}\n")
        self.run(BIN / "weir", "run", "--config", self.folder / "weir.yaml")


class Squid(Peer):
    def start(self, names):
        # It refuses a list in which one name is below another.
        listed = set(names)
        tops = [n for n in names if not any(p in listed for p in parents(n))]
        (self.folder / "list").write_text("".join(f".{name}\n" for name in tops))
        os.chmod(self.folder, 0o777)
        (self.folder / "hosts").write_text("127.0.0.1 pass.test\n")
        (self.folder / "squid.conf").write_text(
            f"http_port 127.0.0.1:{self.port}\nacl bad dstdomain \"{self.folder}/list\"\n"
            "http_access deny bad\nhttp_access allow all\ncache deny all\ncache_mem 8 MB\n"
            f"access_log none\ncache_log {self.folder}/cache.log\ncache_store_log none\n"
            f"pid_filename {self.folder}/squid.pid\ncoredump_dir {self.folder}\npinger_enable off\n"
            f"hosts_file {self.folder}/hosts\nshutdown_lifetime 1 seconds\n")
        self.run("squid", "--foreground", "-n", f"bench{self.port}", "-f", self.folder / "squid.conf")


class E2guardian(Peer):
    mark = b"E2 Guardian"  # its page comes with status 200
    other = "localhost"  # it asks the system's resolver

    def start(self, names):
        folder = self.folder / "e2"
        shutil.copytree("/etc/e2guardian", folder)
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix in (".conf", ".story"):
                text = path.read_text(errors="replace").replace("/etc/e2guardian", str(folder))
                path.write_text(text)
        conf = folder / "e2guardian.conf"
        text = conf.read_text().replace("filterports = 8080", f"filterports = {self.port}")
        text = text.replace("httpworkers = 500", "httpworkers = 50")
        text = text.replace("transparenthttpsport = 8443", f"transparenthttpsport = {free_port()}")
        text += (f"\ndaemonuser = 'root'\ndaemongroup = 'root'\npidfilename = '{self.folder}/pid'\n"
                 f"loglocation = '{self.folder}/access.log'\n")
        conf.write_text(text)
        (folder / "lists/bannedsitelist").write_text("\n".join(names) + "\n")
        for path in self.folder.parent.rglob("*"):
            path.chmod(0o777 if path.is_dir() else 0o666)
        self.run("e2guardian", "-N", "-c", conf)


class Dnsmasq(Peer):
    kind = "dns"

    def start(self, names):
        (self.folder / "list").write_text("".join(f"address=/{name}/0.0.0.0\n" for name in names))
        self.run("dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", f"--port={self.port}",
                 "--listen-address=127.0.0.1", "--bind-interfaces", f"--conf-file={self.folder}/list",
                 "--address=/pass.test/127.0.0.1", "--pid-file=", "--user=root")


class Unbound(Peer):
    kind = "dns"

    def start(self, names):
        zones = "".join(f"  local-zone: \"{name}.\" always_nxdomain\n" for name in names)
        (self.folder / "unbound.conf").write_text(
            f"server:\n  interface: 127.0.0.1@{self.port}\n  do-daemonize: no\n  chroot: \"\"\n"
            "  username: \"\"\n  num-threads: 1\n  do-not-query-localhost: no\n  use-syslog: no\n"
            f"  pidfile: \"{self.folder}/pid\"\n  directory: \"{self.folder}\"\n"
            f"  local-data: \"pass.test. A 127.0.0.1\"\n{zones}")
        self.run("unbound", "-d", "-c", self.folder / "unbound.conf")


PEERS = {"weir": Weir, "squid": Squid, "e2guardian": E2guardian, "dnsmasq": Dnsmasq, "unbound": Unbound}


def time_to_force(peer, bad, port, limit=240):
    began = time.monotonic()
    client = None
    while time.monotonic() - began < limit:
        try:
            client = client or peer.client()
            if refused(peer, client, bad, port):
                return time.monotonic() - began
        except (OSError, ValueError):
            client = None
        if peer.processes[0].poll() is not None:
            raise RuntimeError(f"ended: {(peer.folder / 'log').read_text(errors='replace')[-600:]}")
        time.sleep(0.02)
    raise RuntimeError("not in force in time")


def refused(peer, client, host, port):
    return client.status(host, port) == 403


def cost(peer, hosts, port, want):
    client = peer.client()
    for host in hosts[:50]:
        client.status(host, port)
    # Of three rounds the cheapest: what else runs here only adds.
    rounds = [one_round(peer, client, hosts, port, want) for _ in range(3)]
    return min(rounds, key=lambda one: one["us"]) | {"wrong": max(one["wrong"] for one in rounds)}


def one_round(peer, client, hosts, port, want):
    pids = peer.pids()
    before, began = cpu_seconds(pids), time.monotonic()
    answers = [client.status(host, port) for host in hosts]
    took = time.monotonic() - began
    wrong = [(host, answer) for host, answer in zip(hosts, answers) if answer != want]
    return {"us": (cpu_seconds(pids) - before) / len(hosts) * 1e6, "rate": len(hosts) / took,
            "wrong": len(wrong), "wrong_ones": wrong[:5]}


def measure(name, names, folder, origin):
    peer = PEERS[name](folder, origin)
    pick = random.Random(3)
    listed = [pick.choice(names) for _ in range(REQUESTS)]
    try:
        peer.start(names)
        row = {"peer": name, "names": len(names), "ready_s": time_to_force(peer, names[-1], origin)}
        row["pss_mib"] = pss_mib(peer.pids())
        row["listed"] = cost(peer, listed, origin, 403)
        row["other"] = cost(peer, [peer.other] * REQUESTS, origin, 200)
        return row
    finally:
        peer.stop()


def table(rows):
    out = ["| names | peer | in force after, s | memory, MiB | a listed host, µs of CPU | another, µs of CPU |",
           "|---|---|---|---|---|---|"]
    for row in rows:
        if "error" in row:
            out.append(f"| {row['names']:,} | {row['peer']} | {row['error']} | | | |")
            continue
        wrong = row["listed"]["wrong"] + row["other"]["wrong"]
        note = f" ({wrong} answered otherwise)" if wrong else ""
        out.append(f"| {row['names']:,} | {row['peer']} | {row['ready_s']:.1f} | {row['pss_mib']:.0f} | "
                   f"{row['listed']['us']:.0f} | {row['other']['us']:.0f}{note} |")
    return "\n".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", default="13752,1000000")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--json")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="weir-reputation-") as scratch:
        os.chmod(scratch, 0o755)
        folder = pathlib.Path(scratch)
        real = phishing_names(folder)
        origin = Origin().port
        for count in map(int, options.names.split(",")):
            names = (real + made_up(max(0, count - len(real)), real))[:count]
            for name in options.peers.split(","):
                try:
                    rows.append(measure(name, names, folder / f"{name}-{count}", origin))
                except (RuntimeError, OSError, ValueError) as error:
                    rows.append({"peer": name, "names": len(names), "error": " ".join(str(error).split())[:200]})
                print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    print(table(rows))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
