#!/usr/bin/env python3
"""What files that wait for a sandbox cost: memory, descriptors and processor time of the gateway.

    bench/holds.py [--holds 1000]

The sandbox is a server here that never answers. One round waits on its connections (as curl
does), in the other browsers were shown the progress page. Each file is another one of 20 KiB.
"""

import argparse
import http.server
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from reputation import BIN, cpu_seconds, free_port, pss_mib, tree  # noqa: E402


class Files(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"#!/bin/sh\n# " + self.path.encode() + b"\n" + b"echo this line is one of many\n" * 680
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Sandbox(http.server.BaseHTTPRequestHandler):
    """The webhook interface of docs/sandbox.md; it is always under way."""

    protocol_version = "HTTP/1.1"

    def give(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.give(202, {"ticket": "/ticket"})

    def do_GET(self):
        if self.path.startswith("/ticket"):
            return self.give(202, {"status": "pending"})
        return self.give(404, {})

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 4096  # all come at once

    def handle_error(self, *_):
        pass  # the gateway is killed at the end, with its connections


def serve(handler):
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def start(folder, port, files, sandbox):
    (folder / "rules").mkdir()
    (folder / "policy.yaml").write_text(
        f"version: 1\nnetwork: {{http_ports: [{files}], open_addresses: [127.0.0.0/8]}}\n"
        "profiles: {download: {delivery: hold, scanners: [hash]}}\n"
        "holding: {hold_timeout: 1h}\n"
        "connect: [{name: all, action: intercept}]\nrequest: [{name: all, action: allow}]\n"
        "response: [{name: all, action: allow, profile: download}]\n"
        "verdict: [{name: all, action: allow}]\nsandbox: [{name: all, action: hold}]\n")
    (folder / "sandbox.yaml").write_text(
        "version: 1\nengines:\n  - {name: never, kind: webhook, concurrency: 4, "
        f"url: 'http://127.0.0.1:{sandbox}/submit', poll_pause: 1m}}\n")
    (folder / "weir.yaml").write_text(
        "state_dir: state\nthreads: 1\npolicy_file: policy.yaml\nfeeds_file: ''\nsandbox_file: sandbox.yaml\n"
        f"listen: {{proxy: ['127.0.0.1:{port}'], admin: '127.0.0.1:0'}}\n"
        "dns: {hosts_only: true, hosts: {files.test: [127.0.0.1]}}\n"
        "limits: {connections_per_client: 100000}\nportal: {held_files: 100000, held_files_per_client: 100000}\n"
        "names: {brands_file: '', doh_file: '', cloud_file: ''}\n"
        "inspect: {rules_dir: rules, clamav_dir: rules, workers: 1}\n")
    log = open(folder / "log", "wb")
    process = subprocess.Popen([BIN / "weir", "run", "--config", folder / "weir.yaml"], stdout=log, stderr=log)
    while not (folder / "state/run.json").exists():
        if process.poll() is not None:
            raise SystemExit((folder / "log").read_text())
        time.sleep(0.05)
    return process


def ask(port, files, number, page):
    connection = socket.create_connection(("127.0.0.1", port), 60)
    fields = "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n" if page else ""
    connection.sendall((f"GET http://files.test:{files}/{number}.sh HTTP/1.1\r\n"
                        f"Host: files.test:{files}\r\nUser-Agent: bench\r\n{fields}\r\n").encode())
    if page:
        answer = connection.recv(4096)
        if b" 303 " not in answer:
            raise SystemExit(f"no page: {answer[:400]}")
        connection.close()
    return connection


def look(process):
    pid = process.pid
    status = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    pss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("Pss:")) / 1024
    return {"gateway_mib": pss, "all_mib": pss_mib(tree(pid)), "descriptors": len(os.listdir(f"/proc/{pid}/fd"))}


def queued(folder):
    return len(list((folder / "state/sandbox/files").iterdir()))


def measure(holds, pages):
    with tempfile.TemporaryDirectory(prefix="weir-holds-") as scratch:
        folder = pathlib.Path(scratch)
        files, sandbox, port = serve(Files), serve(Sandbox), free_port()
        process = start(folder, port, files, sandbox)
        try:
            ask(port, files, "first", True)
            before = look(process)
            began = time.monotonic()
            kept = [ask(port, files, number, pages) for number in range(holds)]
            while queued(folder) < holds + 1:
                time.sleep(0.05)
            took = time.monotonic() - began
            after = look(process)
            pids, cpu = tree(process.pid), 0.0
            cpu = cpu_seconds(pids)
            time.sleep(10)
            cpu = cpu_seconds(pids) - cpu
            del kept
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        return {"kib": (after["gateway_mib"] - before["gateway_mib"]) * 1024 / holds,
                "descriptors": (after["descriptors"] - before["descriptors"]) / holds,
                "handed_in_s": took, "cpu_percent": cpu * 10, "at_rest_mib": before["gateway_mib"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--holds", type=int, default=1000)
    options = parser.parse_args()
    print("| held | how | memory each, KiB | descriptors each | handed in after, s | processor while waiting |")
    print("|---|---|---|---|---|---|")
    for pages, how in ((False, "on its connection"), (True, "behind a page")):
        row = measure(options.holds, pages)
        print(f"| {options.holds:,} | {how} | {row['kib']:.0f} | {row['descriptors']:.1f} | {row['handed_in_s']:.0f} | "
              f"{row['cpu_percent']:.1f} % of a core |", flush=True)


if __name__ == "__main__":
    main()
