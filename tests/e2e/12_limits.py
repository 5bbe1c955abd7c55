"""Bounds and what happens at them; connections dialled ahead, tried again, or never asked for anything."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

import h2.events

from h2_peer import H2Client
from weir_e2e import (DEFAULT_POLICY, RawOrigin, Scenario, curl, main, respond, unmapped, wait_until)


def tunnel(gateway, host, port, tls=None, name=None):
    """A CONNECT, and TLS inside it when a CA file is given."""
    address, proxy_port = gateway.proxy.split(":")
    raw = socket.create_connection((address, int(proxy_port)), 30)
    raw.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    answer = raw.recv(4096)
    assert b" 200 " in answer, answer
    if not tls:
        return raw
    context = ssl.create_default_context(cafile=tls)
    return context.wrap_socket(raw, server_hostname=name or host)


def get(stream, host, path="/", method="GET", body=b""):
    stream.sendall(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
                   .encode() + body)
    answer = http.client.HTTPResponse(stream, method=method)
    answer.begin()
    return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}


def readyz(gateway):
    try:
        with urllib.request.urlopen(f"http://{gateway.admin}/readyz", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def metric(gateway, name):
    with urllib.request.urlopen(f"http://{gateway.admin}/metrics", timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
    return None


class Tunnels(Scenario):
    POLICY = DEFAULT_POLICY.replace("connect:\n", """connect:
  - {name: by-host, when: {host: [bypass.test]}, action: bypass}
  - {name: by-name, when: {sni: [fronted.test]}, action: bypass}
""")

    def test_one_too_many_is_told_so(self):
        origin = RawOrigin(lambda c, head: respond(c, b"untouched"),
                           self.pki.issue("bypass.test", "fronted.test", "open.test"))
        self.addCleanup(origin.close)
        gw = self.gateway(hosts=["bypass.test", "open.test"], ports=[origin.port],
                          policy=self.POLICY, settings="limits:\n  tunnels: 1\n")
        first = tunnel(gw, "bypass.test", origin.port, self.pki.ca_file)
        self.assertEqual(get(first, "bypass.test")[:2], (200, b"untouched"))
        self.assertEqual(metric(gw, "weir_tunnels"), 1)

        # Told in answer to CONNECT where the host decides,
        command = ["curl", "-s", "-i", "--proxy", f"http://{gw.proxy}",
                   f"https://bypass.test:{origin.port}/"]
        shown = subprocess.run(command, capture_output=True).stdout.decode().lower()
        self.assertIn(" 503", shown.splitlines()[0])
        self.assertIn("x-weir-reason: busy", shown)
        self.assertIn("retry-after:", shown)
        event = gw.event(lambda e: e["policy"]["name"] == "limits.tunnels")
        self.assertEqual(unmapped(event)["action"], "error")
        # by a TLS alert where the ClientHello did.
        with self.assertRaises(ssl.SSLError) as caught:
            tunnel(gw, "open.test", origin.port, self.pki.ca_file, name="fronted.test")
        self.assertIn("internal error", str(caught.exception).lower())
        self.assertGreaterEqual(metric(gw, "weir_tunnels_refused_total"), 2)
        # What is intercepted is not concerned.
        self.assertEqual(curl(gw, f"https://open.test:{origin.port}/").stdout, "untouched")

        first.close()
        wait_until(lambda: metric(gw, "weir_tunnels") == 0, "the tunnel to end")
        again = tunnel(gw, "bypass.test", origin.port, self.pki.ca_file)
        self.assertEqual(get(again, "bypass.test")[0], 200)
        again.close()


class OriginConnections(Scenario):
    def setUp(self):
        super().setUp()
        self.active = self.most = 0
        self.lock = threading.Lock()
        self.go = threading.Event()
        self.origin = RawOrigin(self.answer, self.pki.issue("small.test"))
        self.addCleanup(self.origin.close)
        self.addCleanup(self.go.set)

    def answer(self, connection, head):
        with self.lock:
            self.active += 1
            self.most = max(self.most, self.active)
        if b"/slow" in head:
            self.go.wait(30)
        with self.lock:
            self.active -= 1
        respond(connection, b"served")

    def start(self, limit):
        return self.gateway(
            hosts=["small.test"], ports=[self.origin.port],
            settings=f"limits:\n  origin_connections_per_host: 2\ntimeouts:\n  origin_queue: {limit}\n")

    def ask(self, client, path):
        return client.request([(":method", "GET"), (":scheme", "https"), (":path", path),
                               (":authority", f"small.test:{self.origin.port}")], end=True)

    def test_requests_beyond_the_cap_wait_their_turn(self):
        gw = self.start("30s")
        client = H2Client(gw, "small.test", self.origin.port)
        self.addCleanup(client.close)
        streams = [self.ask(client, f"/slow/{i}") for i in range(8)]
        wait_until(lambda: self.active == 2, "two requests")
        self.go.set()
        for stream in streams:
            self.assertEqual(client.answer(stream)[":status"], "200")
            client.next(stream, h2.events.StreamEnded)
        self.assertEqual(self.most, 2)
        self.assertEqual(self.origin.connections, 2)

    def test_who_waits_too_long_gets_a_page(self):
        gw = self.start("500ms")
        client = H2Client(gw, "small.test", self.origin.port)
        self.addCleanup(client.close)
        held = [self.ask(client, f"/slow/{i}") for i in range(2)]
        wait_until(lambda: self.active == 2, "two requests")
        late = self.ask(client, "/late")
        answer = client.answer(late)
        self.assertEqual((answer[":status"], answer["x-weir-reason"]), ("503", "busy"))
        event = gw.event(lambda e: "/late" in e["http_request"]["url"]["url_string"])
        self.assertIn("origin_connections_per_host", unmapped(event)["error"])
        self.go.set()
        for stream in held:
            self.assertEqual(client.answer(stream)[":status"], "200")
        after = self.ask(client, "/after")
        self.assertEqual(client.answer(after)[":status"], "200")


class DialledAhead(Scenario):
    POLICY = DEFAULT_POLICY.replace("request:\n", """request:
  - {name: bad-host, when: {host: [evil.test]}, action: block}
""")

    def start(self, settings=""):
        issue = self.pki.issue
        answer = lambda c, head: respond(c, b"served")
        self.good = RawOrigin(answer, issue("good.test"))
        self.evil = RawOrigin(answer, issue("evil.test"))
        self.old = RawOrigin(answer, issue("old.test", start=-30, end=-1))
        for origin in (self.good, self.evil, self.old):
            self.addCleanup(origin.close)
        self.gw = self.gateway(hosts=["good.test", "evil.test", "old.test"], policy=self.POLICY,
                               ports=[o.port for o in (self.good, self.evil, self.old)],
                               settings=settings)

    def test_the_origin_is_there_before_the_request(self):
        self.start()
        client = tunnel(self.gw, "good.test", self.good.port, self.gw.ca)
        wait_until(lambda: metric(self.gw, "weir_origin_prefetches_total") == 1, "the connection")
        self.assertEqual(self.good.connections, 1)
        self.assertEqual(self.good.requests, [])
        self.assertEqual(get(client, f"good.test:{self.good.port}")[:2], (200, b"served"))
        self.assertEqual(get(client, f"good.test:{self.good.port}")[:2], (200, b"served"))
        self.assertEqual(self.good.connections, 1)
        self.assertEqual(metric(self.gw, "weir_origin_prefetches_used_total"), 1)
        client.close()

    def test_what_the_request_stage_refuses_by_host_is_not_dialled(self):
        self.start()
        client = tunnel(self.gw, "evil.test", self.evil.port, self.gw.ca)
        self.assertEqual(get(client, f"evil.test:{self.evil.port}")[0], 403)
        client.close()
        self.assertEqual(self.evil.connections, 0)

    def test_a_bad_certificate_is_known_and_not_asked_twice(self):
        self.start()
        client = tunnel(self.gw, "old.test", self.old.port, self.gw.ca)
        wait_until(lambda: self.old.connections == 1, "the connection")
        status, _, fields = get(client, f"old.test:{self.old.port}")
        self.assertEqual((status, fields["x-weir-reason"]), (502, "expired"))
        self.assertEqual(self.old.connections, 1)
        client.close()

    def test_it_can_be_turned_off(self):
        self.start("limits:\n  origin_prefetch: 0\n")
        client = tunnel(self.gw, "good.test", self.good.port, self.gw.ca)
        self.assertEqual(get(client, f"good.test:{self.good.port}")[:2], (200, b"served"))
        client.close()
        self.assertEqual(metric(self.gw, "weir_origin_prefetches_total"), 0)


class TriedAgain(Scenario):
    """An origin that closes a kept connection just when the next request comes."""

    def setUp(self):
        super().setUp()
        self.served = {}
        self.origin = RawOrigin(self.answer, self.pki.issue("moody.test"))
        self.addCleanup(self.origin.close)
        self.gw = self.gateway(hosts=["moody.test"], ports=[self.origin.port])
        self.client = tunnel(self.gw, "moody.test", self.origin.port, self.gw.ca)
        self.addCleanup(self.client.close)

    def answer(self, connection, head):
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0] or 0) \
            if b"content-length: " in head.lower() else 0
        while length > 0:
            length -= len(connection.recv(length))
        if self.served.get(connection):
            return "close"  # the second request of a connection is not answered
        self.served[connection] = True
        respond(connection, b"served")

    def ask(self, method, body=b""):
        return get(self.client, f"moody.test:{self.origin.port}", f"/{method}", method, body)

    def asked(self, method):
        return sum(head.startswith(method.encode()) for head in self.origin.requests)

    def test_what_may_be_repeated_is_repeated_once(self):
        self.assertEqual(self.ask("GET")[0], 200)
        self.assertEqual(self.ask("GET")[:2], (200, b"served"))
        self.assertEqual((self.asked("GET"), self.origin.connections), (3, 2))

    def test_what_may_not_is_not(self):
        self.assertEqual(self.ask("GET")[0], 200)
        self.assertEqual(self.ask("POST", b"buy one")[0], 502)
        self.assertEqual(self.asked("POST"), 1)


class NothingOfARequest(Scenario):
    def setUp(self):
        super().setUp()
        self.origin = RawOrigin(lambda c, head: respond(c, b"served"), self.pki.issue("www.test"))
        self.addCleanup(self.origin.close)
        self.gw = self.gateway(hosts=["www.test"], ports=[self.origin.port])

    def told(self, word):
        return self.gw.event(lambda e: word in unmapped(e).get("error", ""), word)

    def client(self):
        client = H2Client(self.gw, "www.test", self.origin.port, validate=False)
        self.addCleanup(client.close)
        return client

    def good(self, *more):
        return [(":method", "GET"), (":scheme", "https"), (":path", "/"),
                (":authority", f"www.test:{self.origin.port}"), *more]

    def check_who(self, event):
        self.assertEqual(event["src_endpoint"]["ip"], "127.0.0.1")
        self.assertEqual(event["dst_endpoint"]["hostname"], "www.test")

    def test_a_client_that_asks_nothing(self):
        tunnel(self.gw, "www.test", self.origin.port, self.gw.ca).close()
        event = self.told("without a request")
        self.check_who(event)
        self.assertEqual(unmapped(event)["action"], "allow")

    def test_a_malformed_h2_head(self):
        client = self.client()
        stream = client.request(self.good(("connection", "close")), end=True)
        with self.assertRaises(ConnectionResetError):
            client.answer(stream)
        event = self.told("HTTP/2 request: ")
        self.check_who(event)
        self.assertEqual(unmapped(event)["error_code"], "malformed")
        self.assertEqual(unmapped(event)["error_fault"], "client")
        stream = client.request(self.good(), end=True)  # the connection lives on
        self.assertEqual(client.answer(stream)[":status"], "200")

    def test_an_oversized_h2_head(self):
        client = self.client()
        stream = client.request(self.good(*[(f"x-{i}", "y" * 1000) for i in range(80)]), end=True)
        self.assertEqual(client.answer(stream)[":status"], "431")
        event = self.told("header_bytes")
        self.check_who(event)
        self.assertEqual(event["http_response"]["code"], 431)
        self.assertEqual(unmapped(event)["error_code"], "too-large")

    def test_what_is_no_h2_at_all(self):
        client = self.client()
        client.raw.sendall(b"\0\0\x04\x08\0\0\0\0\0\0\0\0\0")  # WINDOW_UPDATE of 0
        with self.assertRaises(EOFError):
            client.next(0, h2.events.ConnectionTerminated)
            client.next(0, h2.events.ConnectionTerminated)
        self.check_who(self.told("HTTP/2 connection error"))

    def test_a_head_that_is_cut_short(self):
        raw = tunnel(self.gw, "www.test", self.origin.port, self.gw.ca)
        raw.sendall(b"GET / HTTP/1.1\r\nHost: www")
        raw.close()
        self.check_who(self.told("cut short"))


class Machine(Scenario):
    def test_readyz_tells_the_truth(self):
        gw = self.gateway()
        status, found = readyz(gw)
        self.assertEqual((status, found["ready"], found["reasons"], found["warnings"]),
                         (200, True, [], []))
        rule = gw.folder / "rules/extra.yar"
        rule.write_text("rule broken {")
        children = subprocess.run(["pgrep", "-P", str(gw.process.pid), "weir-scan"],
                                  capture_output=True, text=True).stdout.split()
        os.kill(int(children[0]), signal.SIGKILL)  # cannot come back: its rules do not load
        status, found = wait_until(lambda: (r := readyz(gw))[0] == 503 and r, "503")
        self.assertFalse(found["scanners"])
        self.assertIn("scan engine", found["reasons"][0])
        rule.unlink()
        wait_until(lambda: readyz(gw)[0] == 200, "the engine to be back", 60)

        good = gw.policy_file.read_text()
        gw.policy_file.write_text("version: 1\nnonsense: true\n")
        gw.reload()
        status, found = wait_until(lambda: (r := readyz(gw))[1]["warnings"] and r, "a warning")
        self.assertEqual(status, 200)  # the old policy goes on
        self.assertIn("policy", found["warnings"][0])
        gw.policy_file.write_text(good)
        gw.reload()
        wait_until(lambda: not readyz(gw)[1]["warnings"], "the warning to go")

    def test_an_origin_that_takes_nothing(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]
        taken = []
        threading.Thread(target=lambda: taken.append(listener.accept()), daemon=True).start()
        gw = self.gateway(hosts=["deaf.test"], ports=[port],
                          settings="timeouts:\n  origin_write: 1s\n")
        body = self.folder / "body"
        body.write_bytes(b"x" * 40_000_000)
        began = time.monotonic()
        got = curl(gw, "-H", "Expect:", "-T", body, "-o", "/dev/null", "-w", "%{http_code}",
                   f"http://deaf.test:{port}/", check=False)
        self.assertEqual(got.stdout, "504")
        self.assertLess(time.monotonic() - began, 30)


if __name__ == "__main__":
    main()
