"""HTTP through the gateway with real clients and origins: every pair of versions, and the corners."""

import gzip
import hashlib
import os
import re
import subprocess

from weir_e2e import RawOrigin, Scenario, curl, main, respond, wait_until


class Origins(Scenario):
    """nginx (h1), nghttpd (h2) and a scripted origin, each under a name of its own."""

    def setUp(self):
        super().setUp()
        self.www = self.folder / "www"
        self.www.mkdir()
        self.folder.chmod(0o755)  # nginx workers run as somebody else under root
        (self.www / "small.txt").write_bytes(b"small\n")
        (self.www / "big.bin").write_bytes(os.urandom(5_000_000))
        cert = self.pki.issue("h1.test", "h2.test", "raw.test")
        self.h1_port = self.start_nginx(cert)
        self.h2_port = self.start_nghttpd(cert)
        self.narrow_port = self.start_narrow_nginx(cert)
        self.raw = RawOrigin(self.answer, cert)
        self.addCleanup(self.raw.close)
        self.plain = RawOrigin(self.answer)
        self.addCleanup(self.plain.close)
        self.gw = self.gateway(hosts=["h1.test", "h2.test", "raw.test"],
                               ports=[self.h1_port, self.h2_port, self.narrow_port, self.raw.port, self.plain.port])

    def free_port(self):
        import socket
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return listener.getsockname()[1]

    def start_nginx(self, cert):
        port = self.free_port()
        (self.folder / "nginx.conf").write_text(f"""
daemon off; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.err; worker_processes 1;
events {{}}
http {{ access_log off; client_max_body_size 0; client_body_temp_path {self.folder}/body;
  proxy_temp_path {self.folder}/p; fastcgi_temp_path {self.folder}/f;
  uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {cert[0]}; ssl_certificate_key {cert[1]};
    root {self.www}; location /nothing {{ return 204; }} location /moved {{ return 302 /small.txt; }} }} }}
""")
        self.daemon(["nginx", "-c", self.folder / "nginx.conf", "-e", self.folder / "nginx.err"])
        self.wait_port(port)
        return port

    def start_narrow_nginx(self, cert):
        """An h2 origin that lets four streams run at a time, slowly."""
        port = self.free_port()
        (self.folder / "narrow.conf").write_text(f"""
daemon off; pid {self.folder}/narrow.pid; error_log {self.folder}/narrow.err; worker_processes 1;
events {{}}
http {{ access_log off; client_body_temp_path {self.folder}/nb; proxy_temp_path {self.folder}/np;
  fastcgi_temp_path {self.folder}/nf; uwsgi_temp_path {self.folder}/nu; scgi_temp_path {self.folder}/ns;
  http2_max_concurrent_streams 4;
  server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {cert[0]};
    ssl_certificate_key {cert[1]}; root {self.www}; limit_rate 200k; }} }}
""")
        self.daemon(["nginx", "-c", self.folder / "narrow.conf", "-e", self.folder / "narrow.err"])
        self.wait_port(port)
        return port

    def start_nghttpd(self, cert):
        port = self.free_port()
        self.daemon(["nghttpd", "-a", "127.0.0.1", "--trailer", "x-checked: yes", "-d", self.www,
                     str(port), cert[1], cert[0]])
        self.wait_port(port)
        return port

    def daemon(self, command):
        process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def wait_port(self, port):
        import socket

        def listening():
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                return False
        wait_until(listening, f"port {port}")

    def answer(self, connection, head):
        path = head.split(b" ")[1]
        if path == b"/echo":
            length = int(re.search(rb"content-length: (\d+)", head, re.I)[1])
            body = b""
            while len(body) < length:
                body += connection.recv(65536)
            return respond(connection, hashlib.sha256(body).hexdigest().encode())
        if path == b"/chunked":
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n"
                               b"Content-Type: text/plain\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n"
                               b"X-Sum: 11\r\n\r\n")
            return None
        if path == b"/until-close":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nto the end")
            if hasattr(connection, "unwrap"):
                connection.unwrap()
            return "close"
        if path == b"/early-hints":
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")
            return respond(connection, b"after hints")
        if path == b"/gzip":
            return respond(connection, gzip.compress(b"unpacked" * 100),
                           headers=["Content-Encoding: gzip"])
        if path == b"/headers":
            return respond(connection, head)
        if path == b"/alt-svc":
            return respond(connection, b"x", headers=['Alt-Svc: h3=":443"', "Connection: X-Hop",
                                                      "X-Hop: 1", "X-End: 2"])
        return respond(connection, b"raw", status="404 Not Found")

    def test_more_exchanges_than_one_h2_connection_takes(self):
        """None of them ends because another one had to open a further connection."""
        (self.www / "slow.bin").write_bytes(os.urandom(100_000))
        want = (self.www / "slow.bin").read_bytes()
        url = f"https://h2.test:{self.narrow_port}/slow.bin"
        outputs = [self.folder / f"out{i}" for i in range(24)]
        arguments = ["--parallel", "--parallel-immediate", "--parallel-max", "24"]
        for output in outputs:
            arguments += ["-o", str(output), url]
        curl(self.gw, *arguments)
        self.assertEqual([output.read_bytes() == want for output in outputs], [True] * 24)

    def test_every_pair_of_versions(self):
        want = (self.www / "big.bin").read_bytes()
        for client in ("--http1.1", "--http2"):
            for name, port in (("h1.test", self.h1_port), ("h2.test", self.h2_port)):
                with self.subTest(client=client, origin=name):
                    got = curl(self.gw, client, f"https://{name}:{port}/big.bin", binary=True)
                    self.assertEqual(got.stdout, want)

    def test_head_and_empty_answers(self):
        base = f"https://h1.test:{self.h1_port}"
        for client in ("--http1.1", "--http2"):
            head = curl(self.gw, client, "-I", f"{base}/big.bin").stdout.lower()
            self.assertIn("content-length: 5000000", head)
            self.assertIn(" 204", curl(self.gw, client, "-i", f"{base}/nothing").stdout)
            self.assertIn(" 302", curl(self.gw, client, "-i", f"{base}/moved").stdout)
            etag = re.search(r"etag: (\S+)", head)[1]
            again = curl(self.gw, client, "-i", "-H", f"If-None-Match: {etag}", f"{base}/big.bin")
            self.assertIn(" 304", again.stdout)

    def test_uploads_of_any_size(self):
        for size in (0, 1, 70_000, 8_000_000):
            data = os.urandom(size)
            (self.folder / "up").write_bytes(data)
            want = hashlib.sha256(data).hexdigest()
            for client in ("--http1.1", "--http2"):
                for expect in ("Expect:", "Expect: 100-continue"):
                    got = curl(self.gw, client, "-H", expect, "--data-binary",
                               f"@{self.folder}/up", f"https://raw.test:{self.raw.port}/echo")
                    self.assertEqual(got.stdout, want, (size, client, expect))

    def test_framings(self):
        base = f"https://raw.test:{self.raw.port}"
        for client in ("--http1.1", "--http2", "--http1.0"):
            self.assertEqual(curl(self.gw, client, f"{base}/chunked").stdout, "hello world")
            self.assertEqual(curl(self.gw, client, f"{base}/until-close").stdout, "to the end")
            self.assertTrue(curl(self.gw, client, f"{base}/early-hints").stdout.endswith("after hints"))
        hints = curl(self.gw, "--http2", "-i", f"{base}/early-hints").stdout
        self.assertIn(" 103", hints)

    def test_coded_bytes_arrive_as_they_were(self):
        base = f"https://raw.test:{self.raw.port}"
        coded = curl(self.gw, "-H", "Accept-Encoding: gzip", f"{base}/gzip", binary=True).stdout
        self.assertEqual(gzip.decompress(coded), b"unpacked" * 100)
        self.assertEqual(curl(self.gw, "--compressed", f"{base}/gzip").stdout, "unpacked" * 100)

    def test_what_the_origin_sees(self):
        head = curl(self.gw, "--http1.1", "-H", "Connection: X-Secret", "-H", "X-Secret: 1", "-H",
                    "Accept-Encoding: br, exotic", f"https://raw.test:{self.raw.port}/headers").stdout
        self.assertNotIn("secret", head.lower())
        self.assertNotIn("exotic", head)
        self.assertRegex(head.lower(), r"via: (2|1\.1) weir")
        self.assertNotIn("proxy-", head.lower())

    def test_what_the_client_sees(self):
        answer = curl(self.gw, "-i", f"https://raw.test:{self.raw.port}/alt-svc").stdout.lower()
        self.assertNotIn("alt-svc", answer)
        self.assertNotIn("x-hop", answer)
        self.assertIn("x-end", answer)

    def test_plain_http(self):
        self.assertIn("GET /headers HTTP/1.1",
                      curl(self.gw, f"http://raw.test:{self.plain.port}/headers").stdout)

    def test_connections_are_reused(self):
        url = f"https://raw.test:{self.raw.port}/headers"
        before = self.raw.connections
        curl(self.gw, *[url] * 10)
        self.assertLessEqual(self.raw.connections - before, 2)

    def test_ranges_are_cut_from_the_inspected_whole(self):
        want = (self.www / "big.bin").read_bytes()
        got = curl(self.gw, "-r", "1000-1999", "-D", self.folder / "head",
                   f"https://h1.test:{self.h1_port}/big.bin", binary=True)
        self.assertEqual(got.stdout, want[1000:2000])
        self.assertIn("content-range: bytes 1000-1999/5000000",
                      (self.folder / "head").read_text().lower())
        beyond = curl(self.gw, "-i", "-r", "9000000-", f"https://h1.test:{self.h1_port}/big.bin")
        self.assertIn(" 416", beyond.stdout.splitlines()[0])

    def test_a_part_of_media_that_proves_nothing_is_cut_from_the_whole(self):
        movie = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + os.urandom(100_000)
        seen = []

        def seek(connection, head):
            asked = re.search(rb"range: bytes=(\d+)-(\d+)", head.lower())
            seen.append(asked is not None)
            if not asked:
                return respond(connection, movie, content_type="video/mp4")
            first, last = (int(number) for number in asked.groups())
            return respond(connection, movie[first:last + 1], "206 Partial Content",
                           [f"Content-Range: bytes {first}-{last}/{len(movie)}"],
                           content_type="video/mp4")
        origin = RawOrigin(seek)
        self.addCleanup(origin.close)
        self.gw.ports = sorted({*self.gw.ports, origin.port})
        self.gw.write_policy()
        self.gw.reload()
        url = f"http://raw.test:{origin.port}/film.mp4"
        wait_until(lambda: curl(self.gw, "-o", "/dev/null", "-w", "%{http_code}", url).stdout == "200",
                   "the port to be open")
        # The beginning proves to be media: the origin's own part is passed on. The middle does not.
        for span, fetches in (("0-999", [True]), ("50000-50999", [True, False])):
            seen.clear()
            got = curl(self.gw, "-i", "-r", span, url, binary=True).stdout
            head, body = got.split(b"\r\n\r\n", 1)
            first, last = (int(number) for number in span.split("-"))
            self.assertIn(b" 206 ", head.splitlines()[0])
            self.assertIn(f"content-range: bytes {span}/{len(movie)}".encode(), head.lower())
            self.assertEqual(body, movie[first:last + 1])
            self.assertEqual(seen, fetches)


if __name__ == "__main__":
    main()
