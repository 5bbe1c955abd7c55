"""One YAML file, edited live: check, explain, reload, and what a mistake gets."""

import json
import subprocess
import time

from weir_e2e import BIN, DEFAULT_POLICY, SOURCE, RawOrigin, Scenario, curl, main, respond, wait_until

BLOCKING = DEFAULT_POLICY.replace("request:\n", """request:
  - {name: no-games, when: {host: ['*.games.test', www.test]}, action: block, reason: No games here.}
""")


class Policy(Scenario):
    def setUp(self):
        super().setUp()
        self.origin = RawOrigin(lambda c, head: respond(c, b"content"), self.pki.issue("www.test"))
        self.addCleanup(self.origin.close)
        self.gw = self.gateway(hosts=["www.test"], ports=[self.origin.port])
        self.url = f"https://www.test:{self.origin.port}/"

    def weir(self, *arguments):
        return subprocess.run([BIN / "weir", *map(str, arguments)], capture_output=True, text=True)

    def code(self):
        return curl(self.gw, "-o", "/dev/null", "-w", "%{http_code}", self.url).stdout

    def test_reload_changes_the_rules_and_a_mistake_does_not(self):
        self.assertEqual(self.code(), "200")
        self.gw.write_policy(BLOCKING)
        self.gw.reload()
        wait_until(lambda: self.code() == "403", "the new policy")
        self.gw.write_policy(BLOCKING.replace("host:", "hots:"))
        self.gw.reload()
        wait_until(lambda: "did you mean" in self.gw.log(), "the complaint in the log")
        self.assertIn("policy.yaml:", self.gw.log())
        self.assertEqual(self.code(), "403", "the old policy stays in force")

    def test_no_request_fails_while_reloading(self):
        for _ in range(5):
            self.gw.reload()
            for _ in range(10):
                self.assertEqual(self.code(), "200")

    def test_check(self):
        good = self.weir("check", "--config", self.gw.config)
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        self.gw.write_policy(DEFAULT_POLICY + "tests:\n  - {get: 'https://www.test/', expect: block}\n")
        wrong = self.weir("check", "--config", self.gw.config)
        self.assertNotEqual(wrong.returncode, 0)
        self.gw.write_policy("connect: [{nam: x}]\n")
        broken = self.weir("check", "--config", self.gw.config)
        self.assertNotEqual(broken.returncode, 0)
        self.assertRegex(broken.stdout + broken.stderr, r"policy\.yaml:\d+:\d+: ")

    def test_shipped_configuration_is_good(self):
        good = self.weir("check", "--config", SOURCE / "conf/weir.yaml")
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)

    def test_explain(self):
        self.gw.write_policy(BLOCKING)
        text = self.weir("explain", "--config", self.gw.config, "https://a.GAMES.test/x/../y")
        self.assertEqual(text.returncode, 0, text.stderr)
        self.assertIn("no-games", text.stdout)
        found = json.loads(self.weir("explain", "--json", "--config", self.gw.config,
                                     "https://a.GAMES.test/x/../y").stdout)
        self.assertEqual(found["url"], "https://a.games.test/y")
        self.assertIn("block", json.dumps(found))

    def test_a_bad_start_says_why(self):
        for name, text, want in (("unknown key", "threds: 2\n", "threads"),
                                 ("bad value", "threads: many\n", ":1:"),
                                 ("no policy", "policy_file: missing.yaml\n", "missing.yaml")):
            with self.subTest(name):
                config = self.folder / "bad.yaml"
                config.write_text(text + f"state_dir: {self.folder}/other\n")
                failed = self.weir("run", "--config", config)
                self.assertNotEqual(failed.returncode, 0)
                self.assertIn(want, failed.stderr + failed.stdout)

    def test_port_in_use_is_named(self):
        config = self.folder / "second.yaml"
        config.write_text(self.gw.config.read_text().replace(str(self.gw.state), f"{self.folder}/s2")
                          .replace("127.0.0.1:0'\n", f"{self.gw.admin}'\n", 1))
        failed = subprocess.run([BIN / "weir", "run", "--config", config], capture_output=True,
                                text=True, timeout=60)
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn(self.gw.admin.split(":")[1], failed.stderr + failed.stdout)

    def test_corrupt_ca_is_named(self):
        self.gw.stop()
        (self.gw.state / "ca.pem").write_text("not a certificate")
        failed = self.weir("run", "--config", self.gw.config)
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn("ca.pem", failed.stderr + failed.stdout)
        self.gw.log_file = open(self.folder / "gateway.log", "ab")

    def test_drain_finishes_what_runs(self):
        started = time.monotonic()
        code = self.gw.stop()
        self.assertEqual(code, 0)
        self.assertLess(time.monotonic() - started, 30)
        self.gw.log_file = open(self.folder / "gateway.log", "ab")


if __name__ == "__main__":
    main()
