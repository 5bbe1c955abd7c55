"""The event log asked by `weir events`: searched, followed through a rotation, one event in full."""

import csv
import io
import json
import queue
import subprocess
import threading

from weir_e2e import BIN, RawOrigin, Scenario, curl, main, respond, wait_until


class Events(Scenario):
    def setUp(self):
        super().setUp()
        origin = RawOrigin(lambda connection, head: respond(connection, b"some text here"),
                           self.pki.issue("files.test", "www.files.test"))
        self.addCleanup(origin.close)
        self.port = origin.port
        # Small, so that the log is rotated.
        self.gw = self.gateway(hosts=["files.test", "www.files.test"], ports=[origin.port], settings=(
            "events: {rotate_bytes: 64KiB, rotate_keep: 20}\n"
            "links: {edr: 'https://edr.test/?ip={client}&t={ms}'}\n"))

    def get(self, path, host="files.test"):
        curl(self.gw, "-o", "/dev/null", f"https://{host}:{self.port}{path}")

    def weir(self, *arguments, code=0):
        ran = subprocess.run([BIN / "weir", "events", *arguments, "--config", self.gw.config],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        return ran.stdout, ran.stderr

    def found(self, *arguments, code=0):
        return [json.loads(line) for line in self.weir(*arguments, "--json", code=code)[0].splitlines()]

    def test_search_and_one_in_full(self):
        self.get("/one.txt", "www.files.test")
        curl(self.gw, "-o", "/dev/null", "https://demo.weir.test/eicar.com")
        for i in range(60):
            self.get(f"/{i}.txt")
        wait_until(lambda: subprocess.run([BIN / "weir", "events", "--url", "/59.txt", "--config",
                                           self.gw.config], capture_output=True).returncode == 0,
                   "the last event")
        self.assertTrue((self.gw.state / "events.jsonl.1").exists())
        self.assertEqual(len(self.found("--url", ".txt", "--limit", "1000")), 61)
        self.assertEqual(len(self.found("--host", "files.test", "--limit", "1000")), 61)
        self.assertEqual(len(self.found("--host", "WWW.files.test")), 1)
        self.assertEqual(len(self.found("--url", ".txt", "--limit", "7")), 7)
        self.assertEqual(self.found("--client", "192.0.2.1", code=1), [])
        self.assertEqual(self.found("--until", "2020-01-01", code=1), [])
        bad, = self.found("--verdict", "malicious", "--since", "1h")
        self.assertEqual(bad["http_request"]["url"]["path"], "/eicar.com")
        self.assertEqual(self.found("--finding", "eicar"), [bad])
        self.assertEqual(self.found("--hash", bad["file"]["hashes"][0]["value"].upper()), [bad])
        row, = csv.DictReader(io.StringIO(self.weir("--action", "block", "--csv")[0]))
        self.assertEqual((row["verdict"], row["file"], row["status"]), ("malicious", "eicar.com", "403"))

        page, _ = self.weir(bad["metadata"]["uid"])
        for part in ("action    block  by rule bad", "asked     GET  https://demo.weir.test/eicar.com",
                     "findings  malicious  yara", "verdict  block  by bad",
                     f"edr       https://edr.test/?ip=127.0.0.1&t={bad['time']}"):
            self.assertIn(part, page)
        _, said = self.weir("01ARZ3NDEKTSV4RRFFQ69G5FAV", code=1)
        self.assertIn("is not in", said)
        for wrong in (["nonsense"], ["--client", "x"], ["--since", "soon"], ["--host", "a b"]):
            self.weir(*wrong, code=2)

    def dry_run(self, proposed, *arguments, code):
        ran = subprocess.run([BIN / "weir", "policy", "dry-run", proposed, *arguments, "--config",
                              self.gw.config], capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        return ran.stdout, ran.stderr

    def test_another_policy_is_tried_on_the_last_traffic(self):
        for i in range(3):
            self.get(f"/{i}.txt")
        self.get("/0.txt", "www.files.test")
        curl(self.gw, "-o", "/dev/null", "https://demo.weir.test/eicar.com")
        self.gw.event(lambda e: e.get("http_request", {}).get("url", {}).get("path") == "/eicar.com")
        self.assertIn(" 0 would be decided otherwise", self.dry_run(self.gw.policy_file, code=0)[0])
        text = self.gw.policy_file.read_text()
        proposed = self.folder / "proposed.yaml"
        proposed.write_text(text.replace("request:\n", (
            "request:\n  - {name: not-there, when: {host: ['www.files.test']}, action: block}\n")).replace(
            "{name: bad, when: {verdict: malicious}, action: block", "{name: bad, when: {verdict: malicious}, action: alert"))
        said, _ = self.dry_run(proposed, code=1)
        self.assertRegex(said, r"^\d+ transactions since .*, 2 would be decided otherwise\n")
        self.assertIn("1 of 1 clients: allow by 'good' in verdict  ->  block by 'not-there' in request", said)
        self.assertIn("1 of 1 clients: block by 'bad' in verdict  ->  alert by 'bad' in verdict", said)
        answer = json.loads(self.dry_run(proposed, "--json", code=1)[0])
        self.assertEqual((answer["changed"], len(answer["changes"])), (2, 2))
        for change in answer["changes"]:
            self.found("--since", "1h", code=0)
            self.weir(change["examples"][0])
        self.dry_run(proposed, "--until", "2020-01-01", code=0)
        proposed.write_text(text + "nonsense: 1\n")
        self.assertRegex(self.dry_run(proposed, code=3)[1], r"proposed\.yaml:\d+:\d+: ")
        self.dry_run(proposed, "--since", "soon", code=2)

    def test_follow(self):
        following = subprocess.Popen([BIN / "weir", "events", "--follow", "--json", "--url", "/new",
                                      "--config", self.gw.config], stdout=subprocess.PIPE, text=True)
        self.addCleanup(following.stdout.close)
        self.addCleanup(following.wait)
        self.addCleanup(following.kill)
        lines = queue.Queue()
        threading.Thread(target=lambda: [lines.put(line) for line in following.stdout],
                         daemon=True).start()
        # It follows once it shows one; from then on it misses none, through rotations.
        def begun():
            self.get("/new/first")
            return not lines.empty()
        wait_until(begun, "the first event")
        for i in range(60):
            self.get(f"/new/{i}")
        seen = []
        while "/new/59" not in seen:
            seen.append(json.loads(lines.get(timeout=30))["http_request"]["url"]["path"])
        self.assertEqual([path for path in seen if path != "/new/first"], [f"/new/{i}" for i in range(60)])
        self.assertTrue((self.gw.state / "events.jsonl.1").exists())


if __name__ == "__main__":
    main()
