"""What is inspected, what is held back, and that nothing bad or half comes through as whole."""

import gzip
import io
import os
import subprocess
import unittest
import zipfile
import zlib

from weir_e2e import EICAR, SANITIZED, RawOrigin, Scenario, curl, main, respond, unmapped


def zipped(name, data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


class Inspection(Scenario):
    def setUp(self):
        super().setUp()
        self.clean = os.urandom(1_500_000).hex().encode()  # random bytes would be suspicious
        encrypted = self.folder / "secret.zip"
        (self.folder / "inside.txt").write_text("hidden")
        subprocess.run(["zip", "-q", "-j", "-P", "secret", encrypted, self.folder / "inside.txt"],
                       check=True)
        self.files = {
            "/clean.bin": self.clean,
            "/eicar.com": EICAR,
            "/eicar.zip": zipped("a.com", EICAR),
            "/nested.zip": zipped("b.zip", zipped("a.com", EICAR)),
            "/padded.bin": EICAR + b"\n" * 60,
            "/secret.zip": encrypted.read_bytes(),
            "/trickle/clean.bin": self.clean,
            "/trickle/bad.zip": zipped("pad", os.urandom(900_000))[:-22] + zipped("a.com", EICAR),
        }
        cert = self.pki.issue("files.test")
        self.origin = RawOrigin(self.answer, cert)
        self.addCleanup(self.origin.close)
        self.gw = self.gateway(hosts=["files.test"], ports=[self.origin.port])
        self.base = f"https://files.test:{self.origin.port}"

    def answer(self, connection, head):
        path = head.split(b" ")[1].decode()
        if path == "/gzip-eicar":
            return respond(connection, gzip.compress(EICAR), headers=["Content-Encoding: gzip"])
        if path == "/deflate-eicar":
            return respond(connection, zlib.compress(EICAR)[2:-4],
                           headers=["Content-Encoding: deflate"])
        if path == "/stacked-eicar":
            return respond(connection, gzip.compress(gzip.compress(EICAR)),
                           headers=["Content-Encoding: gzip, gzip"])
        if path == "/exotic":
            return respond(connection, b"?", headers=["Content-Encoding: exotic"])
        if path == "/corrupt-gzip":
            return respond(connection, gzip.compress(b"x" * 9999)[:-9],
                           headers=["Content-Encoding: gzip"])
        if path == "/fake.mp4":
            return respond(connection, EICAR, content_type="video/mp4")
        if path in ("/short", "/trickle/short"):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" +
                               self.clean[:2_000_000])
            return "close"
        if path == "/short-chunked":
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                               b"5\r\nhello\r\n")
            return "close"
        body = self.files[path]
        return respond(connection, body, content_type="application/octet-stream",
                       headers=['ETag: "v1"'])

    def assert_blocked(self, path, verdict, reason=None):
        for version in ("--http1.1", "--http2"):
            got = curl(self.gw, version, "-s", "-o", self.folder / "body", "-D",
                       self.folder / "head", "-w", "%{http_code}", self.base + path)
            head = (self.folder / "head").read_text().lower()
            self.assertEqual(got.stdout, "403", path)
            self.assertIn(f"x-weir-verdict: {verdict}", head)
            if reason:
                self.assertIn(f"x-weir-reason: {reason}", head)
            self.assertNotIn(EICAR, (self.folder / "body").read_bytes())

    def test_clean_download_arrives_byte_for_byte(self):
        got = curl(self.gw, self.base + "/clean.bin", binary=True)
        self.assertEqual(got.stdout, self.clean)
        event = self.gw.event(lambda e: "clean.bin" in e["http_request"]["url"]["url_string"])
        self.assertEqual(unmapped(event)["verdict"], "clean")
        self.assertEqual(event["file"]["size"], len(self.clean))

    def test_malware_is_blocked_wherever_it_hides(self):
        for path in ("/eicar.com", "/eicar.zip", "/nested.zip", "/gzip-eicar", "/deflate-eicar",
                     "/stacked-eicar", "/fake.mp4"):
            with self.subTest(path=path):
                self.assert_blocked(path, "malicious")

    def test_what_cannot_be_seen_is_uninspectable(self):
        for path, reason in (("/secret.zip", "encrypted"), ("/exotic", "unknown-coding"),
                             ("/corrupt-gzip", "truncated")):
            with self.subTest(path=path):
                self.assert_blocked(path, "uninspectable", reason)

    def test_a_block_is_remembered_for_ranges(self):
        self.assert_blocked("/eicar.com", "malicious")
        before = len(self.origin.requests)
        got = curl(self.gw, "-r", "10-", "-w", "%{http_code}", "-o", "/dev/null",
                   self.base + "/eicar.com")
        self.assertEqual(got.stdout, "403")
        self.assertEqual(len(self.origin.requests), before)

    def test_truncated_never_looks_complete(self):
        for path in ("/short", "/trickle/short", "/short-chunked"):
            for version in ("--http1.1", "--http2"):
                with self.subTest(path=path, version=version):
                    got = curl(self.gw, version, "-o", self.folder / "part", "-w", "%{http_code}",
                               self.base + path, check=False)
                    self.assertTrue(got.returncode != 0 or got.stdout == "502",
                                    (got.returncode, got.stdout))

    def test_trickle_delivers_the_clean_and_breaks_the_bad(self):
        for version in ("--http1.1", "--http2"):
            got = curl(self.gw, version, self.base + "/trickle/clean.bin", binary=True)
            self.assertEqual(got.stdout, self.clean)
            bad = self.files["/trickle/bad.zip"]
            got = curl(self.gw, version, "-o", self.folder / "part", self.base + "/trickle/bad.zip",
                       check=False)
            self.assertNotEqual(got.returncode, 0, "a blocked trickle must look broken")
            self.assertLess((self.folder / "part").stat().st_size, len(bad))

    @unittest.skipIf(SANITIZED, "a sanitizer keeps what was freed")
    def test_memory_does_not_grow_with_the_body(self):
        def peak():
            status = open(f"/proc/{self.gw.process.pid}/status").read()
            return int(status.split("VmHWM:")[1].split()[0]) * 1024
        curl(self.gw, self.base + "/clean.bin", binary=True)
        before = peak()
        self.files["/large.bin"] = os.urandom(1 << 20) * 200
        curl(self.gw, "-o", "/dev/null", self.base + "/large.bin")
        self.assertLess(peak() - before, 16 << 20)


if __name__ == "__main__":
    main()
