"""Locked downloads: the password is asked for on the gateway's own site, the file is opened in a
worker, judged by what is inside, and delivered as it came, or not."""

import asyncio
import hashlib
import io
import json
import os
import pathlib
import re
import struct
import subprocess
import urllib.parse
import zipfile
import zlib

import websockets

from browser import Browser, Page
from weir_e2e import (DEFAULT_POLICY, EICAR, SOURCE, RawOrigin, Scenario, curl, main, respond, unmapped,
                      wait_until)

POLICY = DEFAULT_POLICY.replace(
    "  - {name: unseen,",
    "  - {name: locked, when: {reason: [encrypted, partly-encrypted]}, action: unlock}\n"
    "  - {name: unseen,")
PAGE = """<!doctype html><meta charset=utf-8><title>Documents</title>
<p>Your invoice: <a href="{link}">invoice.zip</a></p>
<p>解凍<b>パスワード</b>：<span>７７xy</span></p>"""


def locked_zip(folder, name, content, password, kind="AES256", *options):
    """What 7-Zip makes of one file."""
    work = pathlib.Path(folder) / f"make-{name}"
    work.mkdir()
    (work / "inside.txt").write_bytes(content)
    subprocess.run(["7zz", "a", f"-t{name.rsplit('.')[-1]}", *([f"-mem={kind}"] if kind else []),
                    *options, f"-p{password}", work / name, work / "inside.txt"],
                   check=True, stdout=subprocess.DEVNULL)
    return (work / name).read_bytes()


class Unlock(Scenario):
    def setUp(self):
        super().setUp()
        self.files, self.pages = {}, {}
        self.origin = RawOrigin(self.answer, self.pki.issue("files.test"))
        self.addCleanup(self.origin.close)
        self.base = f"https://files.test:{self.origin.port}"

    def start(self, policy=POLICY, settings=""):
        self.gw = self.gateway(hosts=["files.test"], ports=[self.origin.port], policy=policy,
                               settings=settings)

    def answer(self, connection, head):
        path = head.split(b" ")[1].decode()
        if path in self.pages:
            return respond(connection, self.pages[path].encode(), content_type="text/html")
        if path not in self.files:
            return respond(connection, b"", status="404 Not Found")
        name = path.rsplit("/")[-1]
        return respond(connection, self.files[path], content_type="application/zip",
                       headers=[f"Content-Disposition: attachment; filename*=UTF-8''{name}"])

    # ---- a person with curl

    def blocked(self, path, *arguments):
        """The block page of a download, as a program sees it."""

        got = curl(self.gw, "-H", "Accept: application/json", "-w", "\n%{http_code}", *arguments,
                   self.base + path)
        body, code = got.stdout.rsplit("\n", 1)
        self.assertEqual(code, "403", body)
        return json.loads(body)

    def form(self, url):
        page = curl(self.gw, url).stdout
        token = re.search(r'name="form" value="([0-9a-f]{32})"', page)
        return page, token and token[1]

    def give(self, url, password, token=None, headers=(), follow=True):
        token = token or self.form(url)[1]
        data = ["--data-urlencode", f"form={token}"]
        for word in password if isinstance(password, list) else [password]:
            data += ["--data-urlencode", f"password={word}"]
        extra = [part for header in headers for part in ("-H", header)]
        return curl(self.gw, *(["-L"] if follow else []), *extra, *data, "-w", "\n%{http_code}",
                    url).stdout

    def test_the_right_password_delivers_the_file_as_it_came(self):
        self.start()
        content = os.urandom(5000)
        makes = {"/a.zip": ("AES256", "geheim 7"), "/b.zip": ("AES128", "x+y&z=%41"),
                 "/c.zip": ("ZipCrypto", "infected"), "/d.7z": (None, "Paßwörter-秘密")}
        for path, (kind, password) in makes.items():
            with self.subTest(path=path):
                data = locked_zip(self.folder, path[1:], content, password, kind)
                self.files[path] = data
                said = self.blocked(path)
                self.assertEqual((said["action"], said["reason"]), ("unlock", "encrypted"))
                url = said["unlock"]
                self.assertTrue(url.startswith("https://weir.internal/unlock/"))
                page, token = self.form(url)
                self.assertIn(path[1:], page)
                page = self.give(url, password)
                self.assertIn("The download starts by itself", page)
                self.assertTrue(page.endswith("200"))
                headers = self.folder / "headers"
                got = curl(self.gw, "-D", headers, url + "/file", binary=True).stdout
                self.assertEqual(hashlib.sha256(got).digest(), hashlib.sha256(data).digest())
                self.assertIn(f'filename="{path[1:]}"', headers.read_text())
                event = self.gw.event(lambda e: e["http_request"]["http_method"] == "POST"
                                      and unmapped(e)["unlock"]["withheld_by"] == said["event"])
                self.assertEqual(unmapped(event)["unlock"]["opened_by"], "person")
                self.assertEqual(unmapped(event)["action"], "allow")
                self.assertEqual(unmapped(event)["tree"][0]["type"], path.rsplit(".")[-1])
                self.assertEqual(event["file"]["hashes"][0]["value"],
                                 hashlib.sha256(data).hexdigest())
                told = (self.gw.state / "events.jsonl").read_text() + self.gw.log()
                self.assertNotIn(password, told)
                self.assertNotIn(urllib.parse.quote(password), told)
        withheld = self.gw.event(lambda e: e["http_request"]["url"]["path"] == "/a.zip")
        self.assertTrue(unmapped(withheld)["unlock"]["offered"])
        self.assertEqual(withheld["disposition"], "Blocked")

    def test_what_is_bad_inside_stays(self):
        self.start()
        rule = 'rule carries_eicar { strings: $a = "EICAR-STANDARD" condition: $a }'
        (self.gw.folder / "rules/any.yar").write_text(rule)
        self.gw.reload()
        self.files["/bad.zip"] = locked_zip(self.folder, "bad.zip", EICAR, "infected")
        wait_until(lambda: "carries_eicar" in self.judged_plain(), "the rule")
        url = self.blocked("/bad.zip")["unlock"]
        page = self.give(url, "infected")
        self.assertIn("stays blocked", page)
        self.assertIn("carries_eicar", page)
        got = curl(self.gw, "-w", "%{http_code}", url + "/file")
        self.assertFalse(got.stdout.startswith("PK"))
        event = self.gw.event(lambda e: e["http_request"]["http_method"] == "POST")
        self.assertEqual((unmapped(event)["action"], unmapped(event)["verdict"]),
                         ("block", "malicious"))

    def judged_plain(self):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("inside.txt", EICAR)
        self.files["/plain.zip"] = buffer.getvalue()
        return curl(self.gw, "-H", "Accept: application/json", self.base + "/plain.zip").stdout

    def test_three_tries(self):
        self.start()
        self.files["/a.zip"] = locked_zip(self.folder, "a.zip", b"hello", "right")
        url = self.blocked("/a.zip")["unlock"]
        for left in (2, 1):
            page = self.give(url, "wrong")
            self.assertIn("does not open it", page)
            self.assertIn(f"Tries left: {left}", page)
        page = self.give(url, "still wrong")
        self.assertIn("no tries left", page)
        self.assertIsNone(self.form(url)[1])
        # Nor does a form that was kept from before help now.
        self.assertTrue(self.give(url, "right", token="0" * 32).endswith("403"))
        self.assertFalse(curl(self.gw, url + "/file").stdout.startswith("PK"))

    def test_a_form_is_good_for_one_try_and_from_our_page_only(self):
        self.start()
        self.files["/a.zip"] = locked_zip(self.folder, "a.zip", b"hello", "right")
        url = self.blocked("/a.zip")["unlock"]
        _, token = self.form(url)
        for headers in (["Origin: https://files.test"], ["Sec-Fetch-Site: cross-site"],
                        ["Origin: null"]):
            self.assertTrue(self.give(url, "right", token, headers).endswith("403"), headers)
        self.assertTrue(self.give(url, "right", "f" * 32).endswith("403"))
        self.assertIn("does not open it", self.give(url, "wrong", token))
        self.assertTrue(self.give(url, "right", token).endswith("403"))
        self.assertIn("starts by itself", self.give(url, "right"))
        page = curl(self.gw, "-D", "-", url).stdout.lower()
        for field in ("frame-ancestors 'none'", "x-frame-options: deny", "cache-control: no-store",
                      "referrer-policy: same-origin"):
            self.assertIn(field, page)

    def test_bad_requests(self):
        self.start(settings="portal:\n  tries_per_minute: 2\n")
        self.files["/a.zip"] = locked_zip(self.folder, "a.zip", b"hello", "right")
        url = self.blocked("/a.zip")["unlock"]
        status = lambda *arguments: curl(self.gw, "-o", "/dev/null", "-w", "%{http_code}",  # noqa
                                         *arguments).stdout
        self.assertEqual(status("https://weir.internal/"), "200")
        self.assertEqual(status("https://weir.internal/nothing"), "404")
        self.assertEqual(status("https://weir.internal/unlock/" + "0" * 32), "404")
        self.assertEqual(status("-X", "DELETE", url), "405")
        self.assertEqual(status("--json", "{}", url), "400")
        self.assertEqual(status("-d", "form=" + "x" * 20000, url), "400")
        self.assertEqual(status("-I", url), "200")
        self.assertEqual(status("http://weir.internal/"), "502")  # no such name outside
        # Another client address does not learn that the file is there.
        self.assertEqual(status("--interface", "127.0.0.9", url), "404")
        self.assertIn("does not open it", self.give(url, "wrong"))
        self.assertIn("does not open it", self.give(url, "wrong"))
        self.assertTrue(self.give(url, "right").endswith("429"))

    def test_another_lock_inside(self):
        self.start()
        inner = locked_zip(self.folder, "inner.zip", b"deep", "second")
        self.files["/outer.zip"] = locked_zip(self.folder, "outer.zip", inner, "first")
        url = self.blocked("/outer.zip")["unlock"]
        page = self.give(url, "first")
        self.assertIn("another lock inside", page)
        self.assertIn("inside.txt", page)
        self.assertIn("starts by itself", self.give(url, ["first", "second"]))

    def test_documents(self):
        self.start()
        corpus = SOURCE / "tests/corpus/office"
        for name in ("agile.docx", "standard.docx", "cryptoapi.doc", "cryptoapi.xls",
                     "cryptoapi.ppt", "password.xls", "password.doc"):
            with self.subTest(name=name):
                self.files["/" + name] = (corpus / name).read_bytes()
                url = self.blocked("/" + name)["unlock"]
                self.assertIn("starts by itself", self.give(url, "weir"))
                got = curl(self.gw, url + "/file", binary=True).stdout
                self.assertEqual(got, self.files["/" + name])

    def test_pdf(self):
        self.start()
        made = self.folder / "locked.pdf"
        subprocess.run(["qpdf", "--encrypt", "Paßwort-秘密", "owner", "256", "--",
                        SOURCE / "tests/corpus/pdf/plain.pdf", made], check=True)
        self.files["/locked.pdf"] = made.read_bytes()
        url = self.blocked("/locked.pdf")["unlock"]
        self.assertIn("does not open it", self.give(url, "Passwort"))
        self.assertIn("starts by itself", self.give(url, "Paßwort-秘密"))

    def test_a_try_that_takes_too_long(self):
        """2^24 rounds for each password: forty of them do not fit in the time."""
        known = ", ".join(f"known{i}" for i in range(40))
        self.start(policy=f"unlock: {{passwords: [{known}], page_words: false, try_time: 2s}}\n" + POLICY)
        data = bytearray(locked_zip(self.folder, "slow.7z", b"hello", "right", None, "-mhc=off"))
        offset, size = struct.unpack_from("<QQ", data, 12)
        at = data.index(b"\x06\xf1\x07\x01", 32 + offset) + 5
        self.assertEqual(data[at] & 0x3f, 19)
        data[at] = data[at] & 0xc0 | 24
        struct.pack_into("<I", data, 28, zlib.crc32(data[32 + offset:32 + offset + size]))
        struct.pack_into("<I", data, 8, zlib.crc32(data[12:32]))
        self.files["/slow.7z"] = bytes(data)
        url = self.blocked("/slow.7z")["unlock"]
        self.assertIn("did not come to an end", self.give(url, "wrong"))
        self.assertIn("Tries left: 2", self.form(url)[0])

    def test_known_passwords_are_tried_first(self):
        self.start(policy="unlock: {passwords: [nothing, infected], page_words: false}\n" + POLICY)
        self.files["/a.zip"] = locked_zip(self.folder, "a.zip", b"hello", "infected")
        got = curl(self.gw, self.base + "/a.zip", binary=True).stdout
        self.assertEqual(got, self.files["/a.zip"])
        event = self.gw.event(lambda e: e["http_request"]["url"]["path"] == "/a.zip")
        self.assertEqual(unmapped(event)["unlock"]["opened_by"], "list")
        self.assertEqual([n["action"] for n in unmapped(event)["stages"] if n["stage"] == "verdict"],
                         ["unlock", "allow"])

    def test_words_of_the_page_that_led_here(self):
        self.start()
        self.pages["/mail"] = PAGE.format(link="/invoice.zip")
        self.files["/invoice.zip"] = locked_zip(self.folder, "invoice.zip", b"hello", "77xy")
        url = self.base + "/invoice.zip"
        referer = ["-H", f"Referer: {self.base}/mail"]
        self.blocked("/invoice.zip", *referer)  # the page was not seen yet
        curl(self.gw, self.base + "/mail")
        self.assertEqual(curl(self.gw, *referer, url, binary=True).stdout, self.files["/invoice.zip"])
        # Browsers send the origin only to other sites.
        origin_only = ["-H", f"Referer: {self.base}/"]
        self.assertEqual(curl(self.gw, *origin_only, url, binary=True).stdout[:2], b"PK")
        self.blocked("/invoice.zip")  # without a referrer
        self.blocked("/invoice.zip", "-H", "Referer: https://other.test/mail")
        self.blocked("/invoice.zip", *referer, "--interface", "127.0.0.9")  # it saw no page
        event = self.gw.event(lambda e: unmapped(e).get("unlock", {}).get("opened_by") == "page")
        self.assertEqual(unmapped(event)["action"], "allow")
        self.assertNotIn("77xy", (self.gw.state / "events.jsonl").read_text())

    def test_in_a_browser(self):
        self.start()
        content = os.urandom(300_000)
        name = "請求書.zip"
        data = locked_zip(self.folder, "a.zip", content, "open sesame")
        self.pages["/mail"] = PAGE.format(link="/" + name)
        self.files["/" + urllib.parse.quote(name)] = data
        browser = Browser(self.folder, self.gw)
        self.addCleanup(browser.close)
        saved = self.folder / "downloads"
        saved.mkdir()
        pictures = pathlib.Path(os.environ.get("WEIR_SCREENSHOTS", self.folder))

        async def browse():
            async with websockets.connect(browser.endpoint(), max_size=None) as raw:
                page = Page(raw)
                await page.call("Browser.setDownloadBehavior", behavior="allow",
                                downloadPath=str(saved))
                await page.open(self.base + "/mail")
                await page.evaluate("document.querySelector('a').click()")
                await page.until("document.querySelector('a.button') !== null")
                await page.screenshot(pictures / "locked.png")
                await page.evaluate("document.querySelector('a.button').click()")
                await page.until("document.querySelector('form') !== null")
                self.assertIn(name, await page.evaluate("document.body.innerText"))
                await page.submit("mistaken")
                await page.until("document.querySelector('h1').innerText.includes('does not open')")
                await page.screenshot(pictures / "unlock.png")
                await page.submit("open sesame")
                await page.until("document.querySelector('h1').innerText.includes('was opened')")
                wait_until(lambda: any(file.read_bytes() == data for file in saved.iterdir()),
                           "the download")
                await page.screenshot(pictures / "unlocked.png")
        asyncio.run(browse())
        self.assertEqual([file.name for file in saved.iterdir()], [name])


if __name__ == "__main__":
    main()
