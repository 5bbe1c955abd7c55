"""Proxy authentication: Basic over a password file with modern hashes."""

import subprocess

from weir_e2e import BIN, RawOrigin, Scenario, curl, main, respond


class Authentication(Scenario):
    def test_users(self):
        origin = RawOrigin(lambda c, head: respond(c, head), self.pki.issue("www.test"))
        self.addCleanup(origin.close)
        line = subprocess.run([BIN / "weir", "passwd", "alice"], input="s3cret\n", text=True,
                              capture_output=True, check=True).stdout
        self.assertTrue(line.startswith("alice:$"))
        (self.folder / "users").write_text(line)
        gw = self.gateway(hosts=["www.test"], ports=[origin.port],
                          settings="auth:\n  password_file: users\n")
        url = f"https://www.test:{origin.port}/"
        good = curl(gw, "--proxy-user", "alice:s3cret", url)
        self.assertIn("GET / HTTP/1.1", good.stdout)
        self.assertNotIn("proxy-authorization", good.stdout.lower())
        for user in (["--proxy-user", "alice:wrong"], ["--proxy-user", "bob:s3cret"], []):
            refused = curl(gw, *user, "-w", "%{http_connect}", "-o", "/dev/null", url, check=False)
            self.assertEqual(refused.stdout, "407")
        event = gw.event(lambda e: e.get("actor", {}).get("user", {}).get("name") == "alice")
        self.assertEqual(event["class_uid"], 4002)
        self.assertNotIn("s3cret", (gw.state / "events.jsonl").read_text())


if __name__ == "__main__":
    main()
