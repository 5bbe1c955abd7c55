"""A new user's first minutes: the demonstration origin, the CA, the PAC file, the admin listener."""

import json
import subprocess
import urllib.error
import urllib.request

from weir_e2e import BIN, EICAR, Scenario, curl, main, unmapped


class FirstSteps(Scenario):
    def setUp(self):
        super().setUp()
        self.gw = self.gateway()

    def admin(self, path):
        with urllib.request.urlopen(f"http://{self.gw.admin}{path}", timeout=10) as answer:
            return answer.status, answer.headers, answer.read()

    def test_demonstration(self):
        hello = curl(self.gw, "https://demo.weir.test/hello.txt")
        self.assertEqual(hello.stdout, "Hello from behind the weir.\n")
        blocked = curl(self.gw, "-i", "https://demo.weir.test/eicar.com")
        head, _, body = blocked.stdout.partition("\r\n\r\n")
        self.assertIn(" 403", head.splitlines()[0])
        self.assertIn("x-weir-verdict: malicious", head.lower())
        self.assertNotIn(EICAR.decode(), blocked.stdout)
        event_id = next(line.split(": ")[1] for line in head.splitlines()
                        if line.lower().startswith("x-weir-event"))
        self.assertIn(event_id, body)
        event = self.gw.event(lambda e: e["metadata"]["uid"] == event_id, "the block's event")
        self.assertEqual(event["class_uid"], 4002)
        self.assertEqual(event["action_id"], 2)
        self.assertEqual(unmapped(event)["verdict"], "malicious")

    def test_block_page_speaks_to_people_and_programs(self):
        url = "https://demo.weir.test/eicar.com"
        english = curl(self.gw, "-H", "Accept: text/html", url).stdout
        self.assertIn('<html lang="en"', english)
        japanese = curl(self.gw, "-H", "Accept: text/html", "-H", "Accept-Language: ja", url).stdout
        self.assertIn('<html lang="ja"', japanese)
        program = json.loads(curl(self.gw, "-H", "Accept: application/json", url).stdout)
        self.assertEqual(program["verdict"], "malicious")

    def test_admin_listener(self):
        status, headers, body = self.admin("/proxy.pac")
        self.assertEqual(headers["Content-Type"], "application/x-ns-proxy-autoconfig")
        self.assertIn(f"PROXY {self.gw.proxy}", body.decode())
        self.assertEqual(self.admin("/wpad.dat")[2], body)
        self.assertEqual(self.admin("/ca.pem")[2], self.gw.ca.read_bytes())
        self.assertEqual(self.admin("/healthz")[0], 200)
        self.assertEqual(self.admin("/readyz")[0], 200)
        self.assertIn("weir_transactions_total", self.admin("/metrics")[2].decode())
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.admin("/nothing")
        self.assertEqual(refused.exception.code, 404)

    def test_ca_and_crl_are_good(self):
        cer, crl = self.folder / "ca.cer", self.folder / "ca.crl"
        cer.write_bytes(self.admin("/ca.cer")[2])
        crl.write_bytes(self.admin("/ca.crl")[2])
        subprocess.run(["openssl", "x509", "-inform", "DER", "-in", cer, "-noout"], check=True)
        checked = subprocess.run(["openssl", "crl", "-inform", "DER", "-in", crl, "-CAfile",
                                  self.gw.ca, "-noout"], capture_output=True, text=True)
        self.assertIn("verify OK", checked.stderr + checked.stdout)

    def test_minted_leaf_passes_strict_verification(self):
        host, port = self.gw.proxy.split(":")
        session = subprocess.run(
            ["openssl", "s_client", "-proxy", f"{host}:{port}", "-connect", "demo.weir.test:443",
             "-servername", "demo.weir.test", "-x509_strict", "-CAfile", self.gw.ca,
             "-verify_return_error", "-verify_hostname", "demo.weir.test"],
            input=b"", capture_output=True)
        self.assertIn(b"Verification: OK", session.stdout, session.stderr.decode())
        leaf = subprocess.run(["openssl", "x509", "-noout", "-text"], input=session.stdout,
                              capture_output=True).stdout.decode()
        for part in ("DNS:demo.weir.test", "TLS Web Server Authentication", "ca.crl",
                     "X509v3 Authority Key Identifier", "X509v3 Subject Key Identifier"):
            self.assertIn(part, leaf)

    def test_state_is_private(self):
        self.assertEqual((self.gw.state / "ca.key").stat().st_mode & 0o077, 0)
        with open(f"/proc/{self.gw.process.pid}/maps") as file:
            maps = file.read()
        for library in ("libclamav", "libyara", "libarchive"):
            self.assertNotIn(library, maps)

    def test_version_and_help(self):
        text = subprocess.run([BIN / "weir", "--help"], capture_output=True, text=True)
        self.assertEqual(text.returncode, 0)
        for word in ("run", "check", "explain", "scan", "ca"):
            self.assertIn(word, text.stdout)
        wrong = subprocess.run([BIN / "weir", "frobnicate"], capture_output=True, text=True)
        self.assertNotEqual(wrong.returncode, 0)


if __name__ == "__main__":
    main()
