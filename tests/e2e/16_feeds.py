"""Feeds over real HTTP: fetched, believed or not, in force within seconds, and still in force after a
restart without a network."""

import base64
import bz2
import gzip
import hashlib
import http.server
import io
import json
import subprocess
import tarfile
import threading

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from weir_e2e import BIN, DEFAULT_POLICY, RawOrigin, Scenario, curl, main, respond, unmapped, wait_until

POLICY = DEFAULT_POLICY.replace(
    "connect:\n", "connect:\n  - {name: listed, when: {reputation: any}, action: block}\n").replace(
    "request:\n", "request:\n  - {name: listed-url, when: {reputation: any}, action: block}\n")
FEED = """  - name: {name}
    url: {url}
    format: {format}
    threat: malware
    every: 1h
"""


class FeedServer:
    """Plays a feed's server: `routes` maps a path to what answers there."""

    def __init__(self):
        self.routes, self.seen = {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.seen.append((self.path, dict(self.headers)))
                answer = outer.routes.get(self.path) or outer.routes.get(self.path.split("?")[0])
                if answer is None:
                    return self.send_error(404)
                answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def serve(self, path, body, kind="text/plain", status=200, claim=None, **headers):
        body = body.encode() if isinstance(body, str) else body
        tag = '"' + hashlib.sha256(body).hexdigest()[:16] + '"'

        def answer(handler):
            if handler.headers.get("If-None-Match") == tag and status == 200:
                handler.send_response(304)
                handler.end_headers()
                return
            handler.send_response(status)
            handler.send_header("Content-Type", kind)
            handler.send_header("ETag", tag)
            handler.send_header("Content-Length", str(claim or len(body)))
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(body)
            handler.close_connection = claim is not None
        self.routes[path] = answer


def lines(*names, many=30):
    """A list that is long enough to be judged by its length."""
    return "".join(f"{name}\n" for name in names) + "".join(f"n{i}.filler.test\n" for i in range(many))


class Feeds(Scenario):
    def setUp(self):
        super().setUp()
        self.server = FeedServer()
        self.addCleanup(self.server.close)
        self.list = self.folder / "feeds.yaml"

    def write_list(self, *entries, top=""):
        self.list.write_text(f"version: 1\n{top}feeds:\n" + "".join(entries))

    def entry(self, name="bad", path="/bad.txt", format="domains", extra=""):
        return FEED.format(name=name, url=self.server.url + path, format=format) + extra

    def config(self):
        """Settings for the command line alone, without a running gateway."""
        config = self.folder / "weir.yaml"
        config.write_text(f"state_dir: {self.folder}/state\nfeeds_file: feeds.yaml\n")
        return config

    def feeds(self, *arguments, code=0, config=None):
        ran = subprocess.run([BIN / "weir", "feeds", *arguments, "--config", config or self.config()],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        return ran.stdout + ran.stderr

    def listed(self, what):
        ran = subprocess.run([BIN / "weir", "feeds", "search", what, "--config", self.config()],
                             capture_output=True, text=True)
        return ran.returncode == 0

    def test_a_gateway_takes_what_comes_and_keeps_it_over_a_restart(self):
        origin = RawOrigin(lambda connection, head: respond(connection, b"fine"),
                           self.pki.issue("files.test", "www.files.test", "late.test"))
        self.addCleanup(origin.close)
        self.server.serve("/bad.txt", lines("files.test"))
        self.write_list(self.entry())
        gw = self.gateway(hosts=["www.files.test", "late.test"], ports=[origin.port], policy=POLICY,
                          feeds_file="feeds.yaml")

        def status(host):
            return curl(gw, "-o", "/dev/null", "-w", "%{http_code}", f"https://{host}:{origin.port}/",
                        check=False).stdout
        wait_until(lambda: status("www.files.test") == "403", "the feed to be in force")
        self.assertEqual(status("late.test"), "200")
        event = gw.event(lambda e: unmapped(e).get("reputation"))
        self.assertEqual(unmapped(event)["reputation"][0]["source"], "bad")
        metrics = wait_until(lambda: (m := curl(gw, f"http://{gw.admin}/metrics", proxy=False).stdout)
                             and 'weir_feed_indicators{feed="bad"} 31' in m and m, "metrics")
        self.assertIn('weir_feed_age_seconds{feed="bad"}', metrics)

        # The list is edited live, and its server begins to lie.
        self.server.serve("/late.txt", "late.test\n")
        self.write_list(self.entry(), self.entry("late", "/late.txt"))
        wait_until(lambda: status("late.test") == "403", "the edited list to be in force")
        self.server.serve("/bad.txt", lines("files.test", many=2))
        self.feeds("refresh", "bad", code=1, config=gw.config)
        notice = gw.event(lambda e: unmapped(e).get("notice") == "feed-quarantined")
        self.assertIn("shrank from 31 to 3", notice["message"])
        self.assertEqual(unmapped(notice)["feed"], "bad")

        # Without any network all of it is in force from the first request on.
        self.server.close()
        gw.stop()
        gw.start()
        self.assertEqual(status("www.files.test"), "403")
        self.assertEqual(status("late.test"), "403")

    def test_a_listed_certificate(self):
        cert = self.pki.issue("files.test")
        origin = RawOrigin(lambda connection, head: respond(connection, b"fine"), cert)
        self.addCleanup(origin.close)
        der = x509.load_pem_x509_certificate(cert[0].read_bytes()).public_bytes(Encoding.DER)
        sha1 = hashlib.sha1(der).hexdigest()
        (self.folder / "certs.csv").write_text(
            f"# Listingdate,SHA1,Listingreason\n2026-01-01 00:00:00,{sha1},AsyncRAT C&C\n")
        self.write_list("  - {name: certs, file: certs.csv, format: sslbl-cert-csv, threat: c2}\n")
        gw = self.gateway(hosts=["files.test"], ports=[origin.port], policy=POLICY, feeds_file="feeds.yaml")
        wait_until(lambda: curl(gw, "-o", "/dev/null", "-w", "%{http_code}",
                                f"https://files.test:{origin.port}/").stdout == "403", "the list")
        event = gw.event(lambda e: unmapped(e).get("reputation"))
        self.assertEqual(unmapped(event)["reputation"][0]["note"], "AsyncRAT C&C")

    def test_not_modified_and_compressed(self):
        self.server.serve("/bad.txt", gzip.compress(lines("evil.test").encode()), Content_Encoding="gzip")
        self.server.serve("/list.csv.bz2", bz2.compress(b"phish_id,url\n7,\"http://phish.test/a,b\"\n"),
                          "application/octet-stream")
        self.server.serve("/list.gz", gzip.compress(b"packed.test\n"), "application/gzip")
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w:gz", format=tarfile.USTAR_FORMAT) as archive:
            for name, text in (("bl/bank/domains", b"bank.test\n"), ("bl/bank/urls", b"pay.test/x\n")):
                member = tarfile.TarInfo(name)
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text))
        self.server.serve("/bl.tar.gz", tar.getvalue(), "application/gzip")
        self.write_list(self.entry(), self.entry("tank", "/list.csv.bz2", "phishtank-csv"),
                        self.entry("packed", "/list.gz"), self.entry("ut1", "/bl.tar.gz", "ut1"))
        self.assertEqual(self.feeds("refresh").count("taken"), 4)
        for what in ("www.evil.test", "http://phish.test/a,b", "packed.test", "bank.test"):
            self.assertIn("malware", self.feeds("search", what))
        self.feeds("search", "http://phish.test/other", code=1)
        self.assertIn("category bank", self.feeds("search", "https://pay.test/x"))
        self.assertEqual(self.feeds("refresh").count("unchanged"), 4)
        self.assertEqual([code for path, code in self.server.seen if "If-None-Match" in code].__len__(), 4)

    def test_what_cannot_be_believed_changes_nothing(self):
        self.server.serve("/bad.txt", lines("evil.test"))
        self.write_list(self.entry(extra="    max_bytes: 1MiB\n    timeout: 2s\n"),
                        top="guard_file: guard.txt\n")
        (self.folder / "guard.txt").write_text("# sites\npopular.test\n")
        self.feeds("refresh")
        waiting = threading.Event()
        self.addCleanup(waiting.set)

        def slow(handler):
            handler.send_response(200)
            handler.send_header("Content-Type", "text/plain")
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            handler.wfile.write(b"slow.test\n")
            handler.wfile.flush()
            waiting.wait(20)
        tricks = [
            ("the server answered 500", dict(body=lines("a.test"), status=500)),
            ("the server answered 404", dict(body=lines("a.test"), status=404)),
            ("a web page", dict(body="<html>Log in</html>", kind="text/html; charset=utf-8")),
            ("", dict(body=lines("a.test"), claim=100000)),
            ("more than 1048576 bytes", dict(body=gzip.compress(b"a.test\n" * 200000), Content_Encoding="gzip")),
            ("more than 1048576 bytes unpacked", dict(body=gzip.compress(b"a.test\n" * 200000))),
            ("damaged", dict(body=gzip.compress(lines("a.test").encode())[:-20])),
            ("is empty", dict(body="# nothing\n")),
            ("can be read as domains", dict(body="<<<\n>>>\n" * 40)),
            ("shrank from 31 to 1", dict(body="a.test\n")),
            ("lists popular.test", dict(body=lines("popular.test"))),
        ]
        for said, answer in tricks:
            with self.subTest(said=said):
                self.server.serve("/bad.txt", **answer)
                self.assertIn(said, self.feeds("refresh", code=1))
                self.assertIn(said, self.feeds("status", code=1))
                self.assertTrue(self.listed("evil.test"))
                self.assertFalse(self.listed("a.test"))
        self.server.routes["/bad.txt"] = slow
        self.assertIn("imed out", self.feeds("refresh", code=1))
        self.server.serve("/bad.txt", "", status=302, Location="file:///etc/hosts")
        self.feeds("refresh", code=1)
        self.assertTrue(self.listed("evil.test"))
        # An operator may take what is in quarantine.
        self.server.serve("/bad.txt", "new.test\n")
        self.feeds("refresh", code=1)
        self.assertIn("accepted", self.feeds("accept", "bad"))
        self.assertTrue(self.listed("new.test"))
        self.assertFalse(self.listed("evil.test"))
        said = self.feeds("diff", "bad")
        self.assertIn("- domain evil.test", said)
        self.assertIn("+ domain new.test", said)
        self.assertIn(" ok ", self.feeds("status"))

    def test_secrets_and_signatures(self):
        secret = self.folder / "secret"
        secret.write_text("Auth-Key: s3cret\n")
        # With a secret only https is spoken, so the plain server must not see it.
        self.write_list(self.entry(extra=f"    header_file: {secret}\n"))
        self.assertIn("a secret is not sent over http://", self.feeds("refresh", code=1))
        self.assertEqual(self.server.seen, [])
        body = lines("evil.test")
        self.server.serve("/bad.txt", body)
        self.server.serve("/bad.sum", "0" * 64 + "  bad.txt\n")
        self.write_list(self.entry(extra=f"    sha256_url: {self.server.url}/bad.sum\n"))
        self.assertIn("is not what", self.feeds("refresh", code=1))
        self.server.serve("/bad.sum", hashlib.sha256(body.encode()).hexdigest() + "  bad.txt\n")
        self.assertIn("taken", self.feeds("refresh"))

        # minisign: Ed25519 over BLAKE2b-512, and over the trusted comment.
        private = Ed25519PrivateKey.generate()
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        key = base64.b64encode(b"Ed" + b"12345678" + raw).decode()

        def signature(data, comment="file:bad.txt", by=private):
            signed = by.sign(hashlib.blake2b(data).digest())
            return ("untrusted comment: x\n" + base64.b64encode(b"ED12345678" + signed).decode() +
                    f"\ntrusted comment: {comment}\n" +
                    base64.b64encode(by.sign(signed + comment.encode())).decode() + "\n")
        self.write_list(self.entry(extra=f"    minisign_key: {key}\n"))
        body = lines("signed.test").encode()
        self.server.serve("/bad.txt", body)
        for wrong, said in ((signature(b"else"), "does not fit"), ("nonsense", "not a minisign file"),
                            (signature(body, by=Ed25519PrivateKey.generate()), "does not fit"),
                            (signature(body).replace("file:bad", "file:bed"), "comment was changed")):
            self.server.serve("/bad.txt.minisig", wrong)
            self.assertIn(said, self.feeds("refresh", code=1))
        self.server.serve("/bad.txt.minisig", signature(body))
        self.assertIn("taken", self.feeds("refresh"))
        self.assertTrue(self.listed("signed.test"))

    def test_tls_is_verified_and_secrets_stay_there(self):
        secret = self.folder / "secret"
        secret.write_text("Auth-Key: s3cret\n")
        cert = self.pki.issue("127.0.0.1")
        answers = [("200 OK", [])]

        def answer(connection, head):
            status, headers = answers[-1]
            respond(connection, lines("evil.test").encode(), status=status, headers=headers)
        origin = RawOrigin(answer, cert)
        self.addCleanup(origin.close)
        entry = FEED.format(name="bad", url=f"https://127.0.0.1:{origin.port}/x", format="domains")
        self.write_list(entry)
        self.assertIn("certificate", self.feeds("refresh", code=1))
        top = f"ca_file: {self.pki.ca_file}\n"
        self.write_list(entry + "    pin: sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", top=top)
        self.assertIn("public key", self.feeds("refresh", code=1))
        certificate = x509.load_pem_x509_certificate(cert[0].read_bytes())
        public = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        pin = base64.b64encode(hashlib.sha256(public).digest()).decode()
        self.write_list(entry + f"    pin: sha256//{pin}\n    header_file: {secret}\n", top=top)
        answers.append(("302 Found", [f"Location: {self.server.url}/elsewhere"]))
        self.assertIn("answered 302", self.feeds("refresh", code=1))
        self.assertEqual(self.server.seen, [])
        answers.append(("200 OK", []))
        self.assertIn("taken", self.feeds("refresh"))
        self.assertIn(b"Auth-Key: s3cret", origin.requests[-1])
        for path in (self.folder / "state").rglob("*"):
            if path.is_file():
                self.assertNotIn(b"s3cret", path.read_bytes(), path)

    def test_misp_and_taxii(self):
        one, two = "5a7f1d3c-0000-4000-8000-000000000001", "5a7f1d3c-0000-4000-8000-000000000002"
        self.server.serve("/misp/manifest.json", json.dumps({one: {"timestamp": "1"}, two: {"timestamp": 2}}))
        for uuid, host in ((one, "one.test"), (two, "two.test")):
            self.server.serve(f"/misp/{uuid}.json", json.dumps({"Event": {"Attribute": [
                {"type": "domain", "value": host, "to_ids": True}]}}))
        pages = {"/taxii/?limit=1000": {"more": True, "next": "p 2", "objects": [
                     {"type": "indicator", "pattern": "[domain-name:value = 'three.test']"}]},
                 "/taxii/?limit=1000&next=p%202": {"more": False, "objects": [
                     {"type": "indicator", "pattern": "[url:value = 'http://four.test/x']"}]}}
        for path, page in pages.items():
            self.server.serve(path, json.dumps(page), "application/taxii+json;version=2.1")
        self.write_list(self.entry("misp", "/misp/", "misp", "    protocol: misp\n"),
                        self.entry("taxii", "/taxii/", "stix", "    protocol: taxii\n"))
        self.assertEqual(self.feeds("refresh").count("taken"), 2)
        for what in ("one.test", "two.test", "three.test", "http://four.test/x"):
            self.assertTrue(self.listed(what), what)
        self.assertEqual(self.server.seen[-1][1]["Accept"], "application/taxii+json;version=2.1")
        # Only the event that is new is fetched; the one that went is gone.
        three = "5a7f1d3c-0000-4000-8000-000000000003"
        self.server.serve("/misp/manifest.json", json.dumps({two: {"timestamp": 2}, three: {"timestamp": 3}}))
        self.server.serve(f"/misp/{three}.json", json.dumps({"Event": {"Attribute": [
            {"type": "domain", "value": "five.test", "to_ids": True}]}}))
        self.server.seen.clear()
        self.feeds("refresh", "misp")
        self.assertEqual([path for path, _ in self.server.seen], ["/misp/manifest.json", f"/misp/{three}.json"])
        self.assertTrue(self.listed("five.test") and self.listed("two.test") and not self.listed("one.test"))

    def test_mistakes_in_the_list_are_named(self):
        for text, said in (
                ("version: 1\nfeeds:\n  - {name: a, url: 'http://a.test/', formt: domains}\n",
                 "feeds.yaml:3:38: unknown key 'formt' in a feed (did you mean 'format'?)"),
                ("version: 2\n", "'version' must be 1"),
                ("version: 1\nfeeds:\n  - {name: a, format: domains}\n", "one of 'url' and 'file'"),
                ("version: 1\nfeeds:\n  - {name: A b, url: 'http://a/', format: domains}\n", "'name' has"),
                ("version: 1\nfeeds:\n  - {name: a, url: 'ftp://a/', format: domains}\n", "starts with http"),
                ("version: 1\nfeeds:\n  - {name: a, url: 'http://a/', format: domans}\n", "did you mean 'domains'"),
                ("version: 1\nguard_file: none.txt\n", "cannot be opened")):
            self.list.write_text(text)
            self.assertIn(said, self.feeds("status", code=1))

    def test_the_shipped_list(self):
        from weir_e2e import SOURCE
        config = self.folder / "shipped.yaml"
        config.write_text(f"state_dir: {self.folder}/state\nfeeds_file: {SOURCE}/conf/feeds.yaml\n")
        said = self.feeds("status", config=config)
        for name in ("urlhaus", "threatfox", "feodo-tracker", "openphish", "spamhaus-drop"):
            self.assertIn(name, said)
        self.assertIn("urlhaus-csv", self.feeds("formats", config=config))


if __name__ == "__main__":
    main()
