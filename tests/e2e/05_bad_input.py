"""docs/bad-input.md, row by row, over raw sockets. The gateway must answer, and go on serving."""

import socket
import ssl

from weir_e2e import RawOrigin, Scenario, curl, main, respond


class BadInput(Scenario):
    def setUp(self):
        super().setUp()
        self.raw_answer = b""
        cert = self.pki.issue("raw.test", "gone.test")
        self.origin = RawOrigin(self.answer, cert)
        self.addCleanup(self.origin.close)
        self.plain = RawOrigin(self.answer)
        self.addCleanup(self.plain.close)
        with socket.create_server(("127.0.0.1", 0)) as closed:
            self.closed_port = closed.getsockname()[1]
        self.gw = self.gateway(
            hosts=["raw.test", "gone.test"],
            ports=[self.origin.port, self.closed_port, self.plain.port],
            settings="limits:\n  header_bytes: 16KiB\n"
                     "timeouts:\n  request_head: 1s\n  client_hello: 1s\n  response_head: 1s\n"
                     "  origin_body: 1s\n")
        self.target = f"raw.test:{self.plain.port}"

    def answer(self, connection, head):
        path = head.split(b" ")[1]
        if path == b"/raw":
            connection.sendall(self.raw_answer)
            return "close"
        if path == b"/hang":
            connection.recv(1)
            return "close"
        return respond(connection, b"fine")

    def tearDown(self):
        self.assertEqual(curl(self.gw, f"https://raw.test:{self.origin.port}/ok").stdout, "fine",
                         "the gateway still serves")

    def talk(self, data, wait=15):
        host, port = self.gw.proxy.split(":")
        with socket.create_connection((host, int(port)), wait) as raw:
            raw.settimeout(wait)
            try:
                raw.sendall(data)
                answer = b""
                while True:
                    piece = raw.recv(65536)
                    if not piece:
                        return answer
                    answer += piece
            except ConnectionResetError:
                return answer

    def status(self, data):
        first = self.talk(data).split(b"\r\n")[0].decode()
        return first.split(" ")[1] if " " in first else "closed"

    def test_requests(self):
        host = f"Host: {self.target}\r\n"
        line = f"GET http://{self.target}/ok HTTP/1.1\r\n"
        end = "Connection: close\r\n\r\n"
        rows = [
            ("good", line + host + end, "200"),
            ("bare LF", (line + host + end).replace("\r\n", "\n"), "400"),
            ("bare CR in a value", line + host + "X: a\rb\r\n" + end, "400"),
            ("obs-fold", line + host + "X: a\r\n b\r\n" + end, "400"),
            ("space before colon", line + host + "X : a\r\n" + end, "400"),
            ("NUL", line + host + "X: a\0b\r\n" + end, "400"),
            ("two hosts", line + host + host + end, "400"),
            ("host disagrees", line + "Host: evil.test\r\n" + end, "400"),
            ("no host", line + end, "400"),
            ("two lengths", line + host + "Content-Length: 1\r\nContent-Length: 2\r\n" + end, "400"),
            ("length and coding", line + host +
             "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" + end + "0\r\n\r\n", "400"),
            ("coding not chunked", line + host + "Transfer-Encoding: xchunked\r\n" + end, "400"),
            ("two codings", line + host + "Transfer-Encoding: gzip, chunked\r\n" + end, "400"),
            ("1.0 with chunked", line.replace("1.1", "1.0") + host +
             "Transfer-Encoding: chunked\r\n" + end, "400"),
            ("two spaces", line.replace("GET ", "GET  ") + host + end, "400"),
            ("version", line.replace("1.1", "1.2") + host + end, "505"),
            ("origin form", f"GET /ok HTTP/1.1\r\n" + host + end, "400"),
            ("garbage", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", "400"),
            ("large head", line + host + "X: " + "a" * 20000 + "\r\n" + end, "431"),
            ("many fields", line + host + "X: a\r\n" * 300 + end, "431"),
            ("connect without port", "CONNECT raw.test HTTP/1.1\r\nHost: raw.test\r\n\r\n", "400"),
            ("https without connect", line.replace("http:", "https:") + host + end, "400"),
        ]
        for name, data, want in rows:
            with self.subTest(name):
                self.assertEqual(self.status(data.encode("latin-1")), want)

    def test_slow_head_is_closed(self):
        self.assertIn(self.status(b"GET http://raw.test/ HTTP/1.1\r\nHo"), ("closed", "408"))

    def test_bad_chunks_never_reach_an_end(self):
        head = (f"POST http://{self.target}/ok HTTP/1.1\r\nHost: {self.target}\r\n"
                "Transfer-Encoding: chunked\r\n\r\n").encode()
        for body in (b"x\r\n", b"5;ext=1\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloX", b"-1\r\n",
                     b"fffffffffffffffff\r\n", b"5\nhello\n0\n\n"):
            with self.subTest(body):
                self.assertIn(self.status(head + body), ("400", "closed", "502"))

    def test_responses(self):
        ok = b"HTTP/1.1 200 OK\r\n"
        rows = [
            ("status line", b"HTTP/1.1 2x0 OK\r\n\r\n"), ("not http", b"ICY 200 OK\r\n\r\n"),
            ("bare LF", b"HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
            ("two lengths", ok + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
            ("both framings", ok + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            ("coding", ok + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
            ("obs-fold", ok + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n"),
            ("space before colon", ok + b"Content-Length : 0\r\n\r\n"),
            ("large", ok + b"X: " + b"a" * 20000 + b"\r\n\r\n"), ("nothing", b""),
            ("short body", ok + b"Content-Length: 10\r\n\r\nshort"),
            ("bad chunk", ok + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        ]
        for name, raw in rows:
            for version in ("--http1.1", "--http2"):
                with self.subTest(name, version=version):
                    self.raw_answer = raw
                    got = curl(self.gw, version, "-o", "/dev/null", "-w", "%{http_code}",
                               f"https://raw.test:{self.origin.port}/raw")
                    self.assertEqual(got.stdout, "502")

    def test_origins_that_are_not_there(self):
        rows = [(f"https://gone.test:{self.closed_port}/", "502"),
                (f"https://nowhere.test:{self.origin.port}/", "502"),
                (f"https://raw.test:{self.origin.port}/hang", "504")]
        for url, want in rows:
            with self.subTest(url):
                got = curl(self.gw, "-o", "/dev/null", "-w", "%{http_code}", url)
                self.assertEqual(got.stdout, want)

    def test_tls_garbage(self):
        host, port = self.gw.proxy.split(":")
        for garbage in (b"\x16\x03\x01\xff\xff" + b"\0" * 100, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
                        b"\x16\x03\x03\x40\x00\x01\x00\x3f\xfc" + b"\x41" * 0x3ffc):
            raw = socket.create_connection((host, int(port)), 10)
            raw.sendall(f"CONNECT raw.test:{self.origin.port} HTTP/1.1\r\nHost: raw.test:{self.origin.port}\r\n\r\n".encode())
            raw.recv(4096)
            raw.sendall(garbage)
            try:
                while raw.recv(4096):
                    pass
            except ConnectionResetError:
                pass
            raw.close()

    def test_private_addresses_are_refused(self):
        for target in ("169.254.169.254", "10.0.0.1", "[::1]", "192.168.1.1", "0x7f.1", "localhost"):
            with self.subTest(target):
                got = curl(self.gw, "-o", "/dev/null", "-w", "%{http_code}",
                           "--proxy-header", "X: y", f"http://{target}:80/")
                self.assertIn(got.stdout, ("403", "502", "400") if target == "0x7f.1" else
                              ("403", "502"))

    def test_loops_are_seen(self):
        seen = curl(self.gw, f"http://{self.target}/ok", "-i").stdout
        via = next(line for line in seen.splitlines() if line.lower().startswith("via:"))
        got = curl(self.gw, "-o", "/dev/null", "-w", "%{http_code}", "-H", via,
                   f"http://{self.target}/ok")
        self.assertEqual(got.stdout, "508")


if __name__ == "__main__":
    main()
