"""Whose signature a program carries decides: known publishers pass, what they did not sign is held."""

import io
import struct
import subprocess
import zipfile

from weir_e2e import BIN, DEFAULT_POLICY, SOURCE, RawOrigin, Scenario, curl, main, respond, unmapped

HOST = "files.test"
# No sandbox here runs Windows programs, so that what is sent there does not come back.
SANDBOX = """version: 1
engines:
  - {name: local, kind: local, start: false, socket: nobody.sock, types: [shell]}
"""
RULES = DEFAULT_POLICY + """
holding: {on_unavailable: block, on_unsupported: block}
sandbox:
  - {name: known-publisher, when: {publisher: [Example Works Ltd, "curved W\u00f6rks"]}, action: off}
  - {name: unknown, when: {file_family: [executable, archive]}, action: hold}
  - {name: rest, action: off}
tests:
  - {get: 'https://files.test/', publisher: EXAMPLE WORKS LTD, file_type: pe, stage: sandbox, expect: off}
  - {get: 'https://files.test/', file_type: pe, stage: sandbox, expect: hold}
"""


def program():
    """A Windows program with one section, of which nothing is ever run."""
    head = b"MZ" + bytes(0x3a) + struct.pack("<I", 0x40) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", 0x8664, 1, 1600000000, 0, 0, 240, 0x22)
    head += struct.pack("<HBBIIIII", 0x20b, 0, 0, 0, 0, 0, 0x1000, 0)
    head += struct.pack("<QIIHHHHHHIIIIHHQQQQII", 0x140000000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, 0x2000,
                        0x400, 0, 3, 0, 0, 0, 0, 0, 0, 16) + bytes(128)
    head += b".text\0\0\0" + struct.pack("<IIIIIIHHI", 0x400, 0x1000, 0x400, 0x400, 0, 0, 0, 0, 0x60000020)
    return head.ljust(0x400, b"\0") + b"\x90" * 0x400


def zipped(name, content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


class Publisher(Scenario):
    def setUp(self):
        super().setUp()
        (self.folder / "unsigned.exe").write_bytes(program())
        self.made = self.folder / "made"
        subprocess.run(["/usr/bin/python3", SOURCE / "tests/support/sign_programs.py",
                        self.folder / "unsigned.exe", self.made], check=True)
        self.good = self.signed("good")
        self.origin = RawOrigin(self.answer, self.pki.issue(HOST))
        self.addCleanup(self.origin.close)
        self.files = {}

    def signed(self, name):
        return (self.made / f"{name}.exe").read_bytes()

    def answer(self, connection, head):
        path = head.split(b" ")[1].decode()
        respond(connection, self.files[path], content_type="application/octet-stream")

    def begin(self, roots="made/roots.pem"):
        (self.folder / "sandbox.yaml").write_text(SANDBOX)
        self.gw = self.gateway(hosts=[HOST], ports=[self.origin.port], policy=RULES,
                               sandbox_file="sandbox.yaml",
                               settings=f"  publisher_roots: {roots}\n" if roots else "")

    def get(self, path):
        into = self.folder / "body"
        into.unlink(missing_ok=True)
        status = curl(self.gw, "-o", into, "-w", "%{http_code}", "--max-time", 60,
                      f"https://{HOST}:{self.origin.port}{path}").stdout
        return int(status), into.read_bytes() if into.exists() else b""

    def event(self, path):
        return self.gw.event(lambda e: e.get("http_request", {}).get("url", {}).get("path") == path,
                             f"an event of {path}")

    def test_the_known_pass_and_nobody_else(self):
        self.begin()
        changed = bytearray(self.good)
        changed[0x500] ^= 1
        self.files = {
            "/good.exe": self.good, "/curve.exe": self.signed("curve"),
            "/stamped.exe": self.signed("stamped"), "/two.exe": self.signed("two"),
            "/unsigned.exe": program(), "/changed.exe": bytes(changed),
            "/appended.exe": self.good + b"more", "/stranger.exe": self.signed("stranger"),
            "/expired.exe": self.signed("expired"), "/sha1.exe": self.signed("sha1"),
            "/other.exe": self.signed("organisation"), "/blob.exe": self.signed("blob"),
            "/good.zip": zipped("good.exe", self.good)}
        passing = {"/good.exe", "/curve.exe", "/stamped.exe", "/two.exe"}
        for path, content in self.files.items():
            with self.subTest(path=path):
                status, body = self.get(path)
                if path in passing:
                    self.assertEqual((status, body), (200, content))
                else:
                    self.assertIn(status, (403, 503))
                    self.assertNotIn(b"\x90" * 16, body)
        self.check_events()
        # The second time out of the memory of verdicts.
        self.assertEqual(self.get("/good.exe"), (200, self.good))

    def check_events(self):
        signature = self.event("/good.exe")["file"]["signature"]
        self.assertEqual(signature, {"algorithm_id": 4, "algorithm": "Authenticode", "state_id": 1,
                                     "state": "Valid", "developer_uid": "Example Works Ltd"})
        self.assertEqual(self.event("/curve.exe")["file"]["signature"]["developer_uid"], "Curved W\u00f6rks")
        self.assertEqual(self.event("/other.exe")["file"]["signature"]["developer_uid"],
                         "Only An Organisation")
        broken = self.event("/changed.exe")
        self.assertEqual(broken["file"]["signature"]["state"], "Broken")
        self.assertIn("pe-bad-signature", [one["name"] for one in unmapped(broken)["findings"]])
        for path in ("/unsigned.exe", "/appended.exe", "/stranger.exe", "/good.zip"):
            self.assertNotIn("signature", self.event(path)["file"], path)
        inner = [one for one in unmapped(self.event("/good.zip"))["findings"] if one["name"] == "publisher-inside"]
        self.assertEqual([(one["where"], one["detail"]) for one in inner],
                         [("good.exe", "Example Works Ltd")])

    def test_without_roots_nobody_is_known(self):
        self.begin(roots="")
        self.files = {"/good.exe": self.good}
        self.assertIn(self.get("/good.exe")[0], (403, 503))

    def weir(self, *arguments):
        return subprocess.run([BIN / "weir", *map(str, arguments)], capture_output=True, text=True,
                              timeout=60, check=False)

    def test_mistakes_in_the_roots_have_their_place(self):
        self.begin()
        good = self.weir("check", "--config", self.gw.config)
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        self.assertIn("2 publisher roots", good.stdout)
        roots = self.made / "roots.pem"
        lines = roots.read_text().splitlines()
        lines[3] = "AAA!" + lines[3]
        self.gw.stop()
        roots.write_text("\n".join(lines))
        for command in ("check", "run"):
            wrong = self.weir(command, "--config", self.gw.config)
            self.assertNotEqual(wrong.returncode, 0, command)
            self.assertIn("roots.pem:4:4: not base64", wrong.stdout + wrong.stderr, command)

    def test_a_scan_by_hand_says_it(self):
        self.begin()
        found = self.weir("scan", "--config", self.gw.config, self.made / "good.exe")
        self.assertIn("Example Works Ltd", found.stdout + found.stderr)


if __name__ == "__main__":
    main()
