"""What names tell before any list does, and the warning that a person may pass."""

import asyncio
import json
import os
import pathlib
import re
import subprocess
import time

import websockets

from browser import Browser, Page
from weir_e2e import (BIN, DEFAULT_POLICY, EICAR, RawOrigin, Scenario, curl, main, respond, unmapped,
                      wait_until)

BRANDS = """brands:
  - {name: paypal, domains: [paypal.test]}
lures: [login]
"""
COACH = DEFAULT_POLICY.replace(
    "request:\n",
    "coach: {remember: 1h}\nrequest:\n"
    "  - {name: lookalike, when: {lookalike: any}, action: coach, reason: Its name resembles another.}\n"
    "  - {name: new-here, when: {first_seen_here: '<1d', path: '/new*'}, action: alert}\n"
    "  - {name: fronted, when: {site: fronting}, action: block}\n").replace(
    "verdict:\n",
    "verdict:\n  - {name: first-script, when: {site: new-kind-of-file, file_family: script}, action: alert}\n"
    ).replace(
    "  - {name: unseen,",
    "  - {name: odd, when: {file_name: 'odd*', verdict: clean}, action: coach, reason: An odd file.}\n"
    "  - {name: unseen,")
TAKEN = ["paypa1-login.test", "www.paypa1-login.test", "files.test"]


class Names(Scenario):
    def setUp(self):
        super().setUp()
        self.files = {"/": (b"<!doctype html><title>Welcome</title><h1>Welcome</h1>", "text/html")}
        self.origin = RawOrigin(self.answer, self.pki.issue(*TAKEN))
        self.addCleanup(self.origin.close)
        (self.folder / "brands.yaml").write_text(BRANDS)
        self.gw = self.gateway(hosts=TAKEN, ports=[self.origin.port], policy=COACH,
                               brands=self.folder / "brands.yaml", name_settings="  learn: 0s\n")

    def answer(self, connection, head):
        path = head.split(b" ")[1].decode()
        body, kind = self.files.get(path, (b"plain", "text/plain"))
        respond(connection, body, content_type=kind)

    def url(self, host, path="/"):
        return f"https://{host}:{self.origin.port}{path}"

    def get(self, url, *arguments, accept="application/json"):
        got = curl(self.gw, "-H", f"Accept: {accept}", "-w", "\n%{http_code}", *arguments, url).stdout
        body, code = got.rsplit("\n", 1)
        return int(code), body

    def event(self, match):
        return unmapped(self.gw.event(lambda e: match(unmapped(e), e)))

    def test_a_warning_is_passed_by_a_deliberate_click(self):
        code, body = self.get(self.url("www.paypa1-login.test", "/a?b=c"))
        said = json.loads(body)
        self.assertEqual((code, said["action"], said["rule"]), (403, "coach", "lookalike"))
        self.assertIn("paypal", said["detail"])
        self.assertEqual(self.origin.requests, [])
        warned = self.event(lambda u, e: u.get("action") == "coach")
        self.assertTrue(warned["coach"]["offered"])
        self.assertEqual((warned["name"]["brand"], warned["name"]["lookalike"]), ("paypal", "combo"))
        link = said["coach"]
        code, page = self.get(link)
        token = re.search(r'name="form" value="([0-9a-f]{32})"', page)[1]
        self.assertEqual(code, 200)
        self.assertIn("Its name resembles another.", page)
        _, japanese = self.get(link, "-H", "Accept-Language: ja")
        self.assertIn("続行しますか", japanese)

        # Not without a reason, not without the form's token, not from another site, not on GET.
        self.assertEqual(self.get(link, "-d", f"form={token}&why=+")[0], 400)
        self.assertEqual(self.get(link, "-d", "form=0&why=x")[0], 403)
        for header in ("Origin: https://evil.test", "Sec-Fetch-Site: cross-site"):
            self.assertEqual(self.get(link, "-H", header, "-d", f"form={token}&why=x")[0], 403)
        self.assertEqual(self.get(link + f"?form={token}&why=x")[0], 200)
        self.assertEqual(self.get("https://weir.internal/coach/" + "0" * 32)[0], 404)
        self.assertEqual(self.get(self.url("paypa1-login.test"))[0], 403)

        # Then the person is sent back, and the whole site is open, to this client and rule.
        got = curl(self.gw, "-D", "-", "-o", "/dev/null", "--data-urlencode", f"form={token}",
                   "--data-urlencode", "why=Müller asked <b>", link).stdout
        self.assertIn(" 303 ", got)
        self.assertIn("location: " + self.url("www.paypa1-login.test", "/a?b=c"), got.lower())
        self.assertEqual(self.get(self.url("www.paypa1-login.test", "/a?b=c")), (200, "plain"))
        self.assertEqual(self.get(self.url("paypa1-login.test"))[0], 200)
        went = self.event(lambda u, e: u.get("action") == "alert" and u.get("coach", {}).get("warned_by"))
        self.assertEqual(went["coach"]["justification"], "Müller asked <b>")
        self.assertEqual(went["coach"]["warned_by"], said["event"])

    def test_a_download_is_warned_of_too(self):
        self.files["/odd.bin"] = (b"something odd", "application/octet-stream")
        self.files["/odd.com"] = (EICAR, "application/octet-stream")
        code, body = self.get(self.url("files.test", "/odd.bin"))
        said = json.loads(body)
        self.assertEqual((code, said["action"]), (403, "coach"))
        token = said["coach"].rsplit("/", 1)[1]
        self.assertEqual(self.get(said["coach"], "-d", f"form={token}&why=needed")[0], 303)
        self.assertEqual(self.get(self.url("files.test", "/odd.bin")), (200, "something odd"))
        # What is bad stays out: another rule decides before.
        self.assertEqual(self.get(self.url("files.test", "/odd.com"))[0], 403)

    def test_first_seen_is_remembered_over_a_restart(self):
        self.assertEqual(self.get(self.url("files.test", "/new/1"))[0], 200)
        first = self.event(lambda u, e: "/new/1" in str(e["http_request"]))
        self.assertEqual((first["action"], first["name"]["visits"]), ("alert", 0))
        self.gw.stop()
        self.gw.start()
        self.assertEqual(self.get(self.url("files.test", "/new/2"))[0], 200)
        second = self.event(lambda u, e: "/new/2" in str(e["http_request"]))
        self.assertEqual(second["action"], "alert")  # a day has not passed
        self.assertNotIn("name", second)  # and it is no news any more

    def test_the_first_script_of_a_site(self):
        script = b"#!/bin/sh\necho hello\n"
        self.files["/x.sh"] = (script, "text/x-sh")
        self.assertEqual(self.get(self.url("files.test"))[0], 200)
        for number, action in (("1", "alert"), ("2", "allow")):
            self.files[f"/x{number}.sh"] = (script, "text/x-sh")
            self.assertEqual(self.get(self.url("files.test", f"/x{number}.sh"))[0], 200)
            seen = self.event(lambda u, e: f"/x{number}.sh" in str(e["http_request"]))
            self.assertEqual(seen["action"], action)

    def test_registries_are_asked(self):
        """RDAP over TLS: the first visit does not know the age, later ones do, and a restart keeps it."""
        asked = []

        def registry(connection, head):
            path = head.split(b" ")[1].decode()
            asked.append(path)
            if path == "/dns.json":
                body = {"version": "1.0", "services": [[["test"], [f"https://127.0.0.1:{rdap.port}/r/"]]]}
            else:
                registered = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3 * 86400))
                body = {"objectClassName": "domain", "ldhName": path.rsplit("/", 1)[1],
                        "events": [{"eventAction": "registration", "eventDate": registered}]}
            respond(connection, json.dumps(body).encode(), content_type="application/rdap+json")
        rdap = RawOrigin(registry, self.pki.issue("127.0.0.1", "files.test"))
        self.addCleanup(rdap.close)
        self.gw.stop()
        config = self.gw.config.read_text().replace(
            "  learn: 0s\n", f"  learn: 0s\n  rdap: true\n  rdap_bootstrap: https://127.0.0.1:{rdap.port}/dns.json\n")
        self.gw.config.write_text(config)
        self.gw.write_policy(COACH.replace("request:\n", "request:\n  - {name: young, when: "
                                           "{domain_age: '<7d'}, action: block}\n"))
        self.gw.start()
        base = f"https://files.test:{self.origin.port}/"
        self.assertEqual(self.get(base)[0], 200)
        wait_until(lambda: self.get(base)[0] == 403, "the registry's answer to count")
        self.assertEqual(json.loads(self.get(base)[1])["rule"], "young")
        event = self.event(lambda u, e: u.get("name", {}).get("domain_age_days") == 3)
        self.assertEqual(event["action"], "block")
        self.assertEqual(asked, ["/dns.json", "/r/domain/files.test"])
        self.gw.stop()
        self.gw.start()
        self.assertEqual(self.get(base)[0], 403)
        self.assertEqual(len(asked), 2)

    def test_explain_knows_names(self):
        ran = subprocess.run([BIN / "weir", "explain", self.url("www.paypa1-login.test"), "--config",
                              self.gw.config], capture_output=True, text=True)
        self.assertIn("coach", ran.stdout, ran.stderr)
        self.assertIn("lookalike", ran.stdout)

    def test_mistakes_in_the_brands_are_named(self):
        bad = self.folder / "bad.yaml"
        bad.write_text(self.gw.config.read_text().replace("brands.yaml", "bad_brands.yaml"))
        (self.folder / "bad_brands.yaml").write_text("brands:\n  - {nam: x, domains: [x.test]}\n")
        ran = subprocess.run([BIN / "weir", "check", "--config", bad], capture_output=True, text=True)
        self.assertEqual(ran.returncode, 1)
        self.assertIn("bad_brands.yaml:2:6: unknown key 'nam'", ran.stderr)

    def test_in_a_browser(self):
        browser = Browser(self.folder, self.gw)
        self.addCleanup(browser.close)
        pictures = pathlib.Path(os.environ.get("WEIR_SCREENSHOTS", self.folder))

        async def browse():
            async with websockets.connect(browser.endpoint(), max_size=None) as raw:
                page = Page(raw)
                await page.open(self.url("paypa1-login.test"))
                await page.until("document.querySelector('a.button') !== null")
                await page.screenshot(pictures / "coach.png")
                await page.evaluate("document.querySelector('a.button').click()")
                await page.until("document.querySelector('form input[name=why]') !== null")
                await page.screenshot(pictures / "coach-form.png")
                await page.evaluate("document.querySelector('input[name=why]').value = 'a test'")
                await page.evaluate("document.querySelector('form button').click()")
                await page.until("document.querySelector('h1')?.innerText === 'Welcome'")
                self.assertEqual(await page.evaluate("location.href"), self.url("paypa1-login.test"))
        asyncio.run(browse())


if __name__ == "__main__":
    main()
