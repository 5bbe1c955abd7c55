"""What is listed is refused before anything is fetched, from the moment on that it is listed, and no
request fails while the index is swapped."""

import shutil
import subprocess
import threading

from weir_e2e import BIN, DEFAULT_POLICY, RawOrigin, Scenario, curl, main, respond, unmapped, wait_until

POLICY = DEFAULT_POLICY.replace(
    "connect:\n",
    "connect:\n  - {name: listed, when: {reputation: any}, action: block, reason: It is listed.}\n"
    "  - {name: private, when: {host: [bank.test]}, action: bypass}\n").replace(
    "request:\n", "request:\n  - {name: listed-url, when: {reputation: any}, action: block}\n")


class Reputation(Scenario):
    def setUp(self):
        super().setUp()
        self.origin = RawOrigin(lambda connection, head: respond(connection, b"fine"),
                                self.pki.issue("*.files.test", "files.test", "bank.test"))
        self.addCleanup(self.origin.close)
        self.gw = self.gateway(hosts=["files.test", "www.files.test", "bank.test"],
                               ports=[self.origin.port], policy=POLICY)

    def weir(self, *arguments, code=0):
        ran = subprocess.run([BIN / "weir", *arguments, "--config", self.gw.config],
                             capture_output=True, text=True)
        self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        return ran.stdout + ran.stderr

    def status(self, host, path="/", *arguments):
        return curl(self.gw, "-o", "/dev/null", "-w", "%{http_code}", *arguments,
                    f"https://{host}:{self.origin.port}{path}", check=False).stdout

    def becomes(self, status, host, path="/"):
        wait_until(lambda: self.status(host, path) == status, f"{host}{path} to be {status}")

    def test_blocked_allowed_and_taken_back(self):
        self.assertEqual(self.status("www.files.test"), "200")
        self.weir("block", "files.test", "--for", "1h", "--why", "ticket 7")
        self.becomes("403", "www.files.test")
        seen = len(self.origin.requests)
        page = curl(self.gw, f"https://www.files.test:{self.origin.port}/x").stdout
        self.assertIn("It is listed.", page)
        self.assertEqual(len(self.origin.requests), seen)
        event = self.gw.event(lambda e: unmapped(e).get("reputation") and "/x" in str(e["http_request"]))
        self.assertEqual(unmapped(event)["reputation"],
                         [{"source": "local", "threat": "deny", "matched": "files.test",
                           "note": "ticket 7", "confidence": 100}])
        self.assertIn("ticket 7", self.weir("listed"))
        self.weir("allow", "files.test")
        self.becomes("200", "www.files.test")
        self.weir("unlist", "files.test")
        self.assertIn("is not on the list", self.weir("unlist", "files.test", code=1))
        self.weir("block", "two words", code=2)
        self.weir("block", "a.test", "--for", "ever", code=2)

    def test_one_url_of_a_host(self):
        self.weir("block", f"https://files.test:{self.origin.port}/bad/setup.exe")
        self.becomes("403", "files.test", "/bad/setup.exe")
        for spelling in ("/bad//setup.exe", "/%62ad/./setup.exe?x=1", "/x/../bad/setup.exe"):
            self.assertEqual(self.status("files.test", spelling, "--path-as-is"), "403", spelling)
        self.assertEqual(self.status("files.test", "/bad/other.exe"), "200")

    def test_a_listed_host_is_not_bypassed(self):
        to_origin = ["--cacert", self.pki.ca_file]
        self.assertEqual(self.status("bank.test", "/", *to_origin), "200")  # its own certificate
        self.weir("block", "bank.test")
        self.becomes("403", "bank.test")

    def test_the_address_behind_a_name(self):
        """Known only once the name is resolved: before anything is asked of it, also when bypassed."""
        self.weir("block", "127.0.0.1", "--why", "a bad neighbourhood")
        self.becomes("403", "files.test")
        self.origin.requests.clear()
        page = curl(self.gw, f"https://files.test:{self.origin.port}/x").stdout
        self.assertIn("listed by local as deny: 127.0.0.1", page)
        event = self.gw.event(lambda e: "/x" in str(e["http_request"]))
        self.assertEqual(unmapped(event)["reputation"][0]["matched"], "127.0.0.1")
        bypassed = curl(self.gw, "--cacert", self.pki.ca_file, f"https://bank.test:{self.origin.port}/",
                        check=False)
        self.assertNotEqual(bypassed.returncode, 0)
        event = self.gw.event(lambda e: "bank.test" in str(e["http_request"]))
        self.assertEqual(unmapped(event)["action"], "block")
        self.assertEqual(self.origin.requests, [])
        self.weir("unlist", "127.0.0.1")
        wait_until(lambda: curl(self.gw, "--cacert", self.pki.ca_file,
                                f"https://bank.test:{self.origin.port}/", check=False).stdout == "fine",
                   "the allowed host")

    def test_a_large_index_is_swapped_fifty_times_under_load(self):
        folder = self.gw.state / "feeds"
        folder.mkdir(exist_ok=True)
        (self.folder / "large.txt").write_text(
            "".join(f"host{i}.large{i % 977}.test\n" for i in range(500_000)))
        large = self.folder / "large.yaml"
        large.write_text(f"version: 1\nfeeds:\n  - {{name: large, file: {self.folder}/large.txt, "
                         "format: domains, threat: malware}\n")
        made = []
        for turn in range(2):
            subprocess.run([BIN / "weir-feeds", "--list", large, "--folder", self.folder / "made",
                            "refresh"], check=True, stdout=subprocess.DEVNULL)
            made.append(self.folder / f"index{turn}")
            (self.folder / "made/index").rename(made[-1])
        stop, bad, served = threading.Event(), [], []

        def load():
            while not stop.is_set():
                code = self.status("files.test", "/load")
                (served if code == "200" else bad).append(code)
        threads = [threading.Thread(target=load) for _ in range(3)]
        for thread in threads:
            thread.start()
        swaps = lambda: self.gw.log_file_text().count("index in force")
        first = swaps()
        for turn in range(50):
            fresh = folder / "index.next"
            shutil.copy(made[turn % 2], fresh)
            fresh.rename(folder / "index")
            wait_until(lambda: swaps() > first + turn, "the new index to be in force")
        self.assertEqual(self.status("www.host7.large7.test"), "403")
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(bad, [])
        self.assertGreater(len(served), 100)

    def test_nothing_fails_while_the_index_is_swapped(self):
        stop, bad, served = threading.Event(), [], []

        def load():
            while not stop.is_set():
                code = self.status("files.test")
                (served if code == "200" else bad).append(code)
        threads = [threading.Thread(target=load) for _ in range(3)]
        for thread in threads:
            thread.start()
        for turn in range(20):
            self.weir("block", f"turn{turn}.test")
            before = len(served)
            wait_until(lambda: len(served) > before or bad, "a request between two swaps")
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(bad, [])
        self.assertGreaterEqual(len(served), 20)


if __name__ == "__main__":
    main()
