"""Certificates that do not verify, bypass, fronting, pinning, and what is not TLS at all."""

import json
import socket
import ssl
import subprocess
import urllib.request

from weir_e2e import DEFAULT_POLICY, RawOrigin, Scenario, curl, main, respond, unmapped

POLICY = DEFAULT_POLICY.replace("connect:\n", """connect:
  - {name: untouched, when: {host: [bypass.test]}, action: bypass}
  - {name: bad-host, when: {host: [evil.test]}, action: block, reason: This host is known as bad.}
""").replace("request:\n", """request:
  - {name: old-but-ours, when: {host: [accepted.test], certificate_error: [expired]}, action: alert}
""")


class Tls(Scenario):
    def setUp(self):
        super().setUp()
        issue = self.pki.issue
        answer = lambda connection, head: respond(connection, b"content of " + head.split()[4])
        self.origins = {
            "good.test": RawOrigin(answer, issue("good.test")),
            "expired.test": RawOrigin(answer, issue("expired.test", start=-30, end=-1)),
            "accepted.test": RawOrigin(answer, issue("accepted.test", start=-30, end=-1)),
            "future.test": RawOrigin(answer, issue("future.test", start=10, end=20)),
            "wrong.test": RawOrigin(answer, issue("other.test")),
            "self.test": RawOrigin(answer, issue("self.test", self_signed=True)),
            "bypass.test": RawOrigin(answer, issue("bypass.test")),
            "evil.test": RawOrigin(answer, issue("evil.test")),
        }
        for origin in self.origins.values():
            self.addCleanup(origin.close)
        self.gw = self.gateway(hosts=list(self.origins), policy=POLICY,
                               ports=[o.port for o in self.origins.values()])

    def url(self, host):
        return f"https://{host}:{self.origins[host].port}/"

    def test_certificates_that_do_not_verify_are_refused_inside_the_tls(self):
        for host, reason in (("expired.test", "expired"), ("future.test", "not-yet-valid"),
                             ("wrong.test", "wrong-host"), ("self.test", "self-signed")):
            for version in ("--http1.1", "--http2"):
                with self.subTest(host=host, version=version):
                    got = curl(self.gw, version, "-i", self.url(host))
                    self.assertIn(f"x-weir-reason: {reason}", got.stdout.lower())
                    self.assertNotIn("content of", got.stdout)
            event = self.gw.event(lambda e: host in e["http_request"]["url"]["url_string"])
            self.assertEqual(unmapped(event)["certificate_error"], reason)

    def test_policy_accepts_one_error_for_one_host(self):
        self.assertIn("content of", curl(self.gw, self.url("accepted.test")).stdout)
        event = self.gw.event(lambda e: "accepted.test" in e["http_request"]["url"]["url_string"])
        self.assertEqual(unmapped(event)["certificate_error"], "expired")

    def test_bypass_is_untouched(self):
        got = curl(self.gw, "--cacert", self.pki.ca_file, self.url("bypass.test"))
        self.assertIn("content of", got.stdout)
        event = self.gw.event(lambda e: unmapped(e).get("action") == "bypass"
                              or "bypass" in json.dumps(e))
        self.assertIn("bypass.test", json.dumps(event))

    def test_blocked_host_gets_its_page_inside_the_tls(self):
        before = self.origins["evil.test"].connections
        got = curl(self.gw, "-i", "-H", "Accept: text/html", self.url("evil.test"))
        self.assertIn("known as bad", got.stdout)
        self.assertEqual(self.origins["evil.test"].connections, before, "nothing was fetched")

    def test_port_not_in_policy(self):
        got = curl(self.gw, "https://good.test:4444/", check=False)
        self.assertEqual(got.returncode, 56)
        event = self.gw.event(lambda e: "4444" in json.dumps(e))
        self.assertIn("connect-ports", json.dumps(event))

    def connect(self, target):
        host, port = self.gw.proxy.split(":")
        raw = socket.create_connection((host, int(port)), 10)
        raw.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            data = raw.recv(4096)
            if not data:
                break
            answer += data
        return raw, answer

    def test_what_is_not_tls_is_refused_and_named(self):
        port = self.origins["good.test"].port
        for first, kind in ((b"SSH-2.0-OpenSSH_9.2\r\n", "ssh"), (b"GET / HTTP/1.1\r\n\r\n", "http"),
                            (b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00", "rdp")):
            with self.subTest(kind=kind):
                before = self.origins["good.test"].connections
                raw, answer = self.connect(f"good.test:{port}")
                self.assertIn(b" 200 ", answer)
                raw.sendall(first)
                try:
                    self.assertEqual(raw.recv(100), b"")
                except ConnectionResetError:
                    pass
                self.gw.event(lambda e: unmapped(e).get("first_bytes") == kind, f"event of {kind}")
                self.assertEqual(self.origins["good.test"].connections, before)

    def test_server_name_must_be_the_tunnel_host(self):
        target = f"good.test:{self.origins['good.test'].port}"
        raw, _ = self.connect(target)
        context = ssl.create_default_context(cafile=self.gw.ca)
        with context.wrap_socket(raw, server_hostname="evil.test") as tls:
            tls.sendall(f"GET / HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
            self.assertIn(b" 403 ", tls.recv(65536).split(b"\r\n")[0])

    def test_host_must_be_the_tunnel_host(self):
        port = self.origins["good.test"].port
        for version in ("--http1.1", "--http2"):
            got = curl(self.gw, version, "-o", "/dev/null", "-w", "%{http_code}", "-H",
                       "Host: evil.test", self.url("good.test"))
            self.assertEqual(got.stdout, "421", (version, port))

    def test_pinned_clients_become_bypass_candidates(self):
        refused = subprocess.run(["curl", "-sS", "--proxy", f"http://{self.gw.proxy}", "--cacert",
                                  self.pki.ca_file, self.url("good.test")], capture_output=True)
        self.assertEqual(refused.returncode, 60)
        self.gw.event(lambda e: "tls-client-rejected" in json.dumps(e), "the refusal's event")
        with urllib.request.urlopen(f"http://{self.gw.admin}/bypass-candidates") as answer:
            self.assertIn("good.test", answer.read().decode())

    def test_resumption_and_split_hello(self):
        host = f"good.test:{self.origins['good.test'].port}"
        context = ssl.create_default_context(cafile=self.gw.ca)
        raw, _ = self.connect(host)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(incoming, outgoing, server_hostname="good.test")
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            pass
        for byte in outgoing.read():  # a ClientHello one byte at a time
            raw.sendall(bytes([byte]))
        while True:
            incoming.write(raw.recv(65536))
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                continue
        self.assertEqual(client.version(), "TLSv1.3")
        raw.sendall(outgoing.read())
        client.write(b"GET / HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n")
        raw.sendall(outgoing.read())
        text = b""
        while b"content of" not in text:
            incoming.write(raw.recv(65536))
            try:
                text += client.read(65536)
            except ssl.SSLWantReadError:
                continue
        session = client.session
        raw.close()
        raw, _ = self.connect(host)
        again = context.wrap_socket(raw, server_hostname="good.test", session=session)
        self.assertTrue(again.session_reused)
        again.close()


if __name__ == "__main__":
    main()
