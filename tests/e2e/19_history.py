"""After the download: who got what, what an endpoint did, and who is told when a file turns out to be
bad; with a gateway that is killed in between, and outlets that refuse, fail and are slow."""

import base64
import contextlib
import csv
import email
import email.header
import hashlib
import http.server
import io
import json
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
import zipfile

from weir_e2e import BIN, RawOrigin, Scenario, curl, main, respond, unmapped, wait_until

FILES = {"/a.bin": b"first file\0" * 50, "/b.bin": b"second file\0" * 50, "/c.bin": b"third\0" * 50}


PROGRAM = b"a program inside\0" * 50


def zip_of(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()


FILES["/kit.zip"] = zip_of(notes=b"read me", program=PROGRAM)


def sha256(body):
    return hashlib.sha256(body).hexdigest()


class Webhook:
    """Takes what is posted over TLS; `answers` are used up one by one, then it is 200."""

    def __init__(self, cert):
        self.got, self.tries, self.answers = [], [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.tries.append(dict(self.headers))
                answer = outer.answers.pop(0) if outer.answers else 200
                if answer == "slow":
                    time.sleep(2)
                    answer = 200
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if answer == 200:
                    outer.got.append(json.loads(body))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*cert)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class MailSink:
    """An SMTP server that demands a login, and STARTTLS unless `cert` is None. Its port refuses until
    open() is called."""

    def __init__(self, cert):
        self.secure = cert is not None
        if self.secure:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*cert)
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.mails, self.logins, self.words, self.refuse = [], [], [], 0

    def open(self):
        self.socket.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                self._talk(connection)
            except (OSError, ssl.SSLError, ValueError):
                pass

    def _talk(self, connection):
        stream = connection.makefile("rwb", 0)
        secure, logged_in, to = not self.secure, False, []

        def say(text):
            stream.write(text.encode() + b"\r\n")
        say("220 sink")
        while line := stream.readline():
            word, _, rest = line.decode().strip().partition(" ")
            word = word.upper()
            self.words.append(word)
            if word == "EHLO":
                say("250-sink\r\n250-AUTH PLAIN\r\n250 8BITMIME" if secure else
                    "250-sink\r\n250 STARTTLS")
            elif word == "STARTTLS":
                say("220 go on")
                connection = self.context.wrap_socket(connection, server_side=True)
                stream, secure = connection.makefile("rwb", 0), True
            elif word == "AUTH":
                if rest.strip() == "PLAIN":
                    say("334 ")
                    rest = "PLAIN " + stream.readline().decode().strip()
                self.logins.append(base64.b64decode(rest.split()[1]))
                logged_in = True
                say("235 well")
            elif word == "RCPT":
                to.append(rest)
                say("250 well")
            elif word == "DATA":
                if self.refuse > 0 or not logged_in:
                    self.refuse -= 1
                    say("451 not now")
                    continue
                say("354 go on")
                lines = []
                while (text := stream.readline()) != b".\r\n":
                    lines.append(text[1:] if text.startswith(b".") else text)
                self.mails.append((to, email.message_from_bytes(b"".join(lines))))
                say("250 taken")
            elif word == "QUIT":
                say("221 bye")
                return
            else:
                say("250 well")

    def close(self):
        self.socket.close()


class History(Scenario):
    def setUp(self):
        super().setUp()
        cert = self.pki.issue("files.test", "other.test", "*.mail.test")
        self.origin = RawOrigin(
            lambda connection, head: respond(connection, FILES.get(head.split()[1].decode(), b"page"),
                                             content_type="application/octet-stream"), cert)
        self.addCleanup(self.origin.close)
        (self.folder / "feeds.yaml").write_text("version: 1\nfeeds: []\n")

    def start(self, settings="", hosts=("files.test", "other.test"), **options):
        return self.gateway(hosts=hosts, ports=[self.origin.port],
                            feeds_file="feeds.yaml", settings=settings, **options)

    def get(self, gw, path, host="files.test", *arguments):
        return curl(gw, "-D", "-", "-o", "/dev/null", *arguments,
                    f"https://{host}:{self.origin.port}{path}").stdout

    def weir(self, *arguments, code=0, config=None):
        ran = subprocess.run([BIN / "weir", *arguments, "--config", config or self.folder / "weir.yaml"],
                             capture_output=True, text=True, timeout=120)
        self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        return ran.stdout

    def rows(self, *arguments, code=0):
        return [json.loads(line) for line in self.weir(*arguments, "--json", code=code).splitlines()]

    def wait_for_rows(self, *arguments, count=1):
        def found():
            ran = subprocess.run([BIN / "weir", *arguments, "--json", "--config",
                                  self.folder / "weir.yaml"], capture_output=True, text=True)
            got = [json.loads(line) for line in ran.stdout.splitlines()]
            return got if len(got) >= count else None
        return wait_until(found, f"{count} rows of {arguments}")

    def list_as_bad(self, *hashes):
        lines = [*hashes, *(sha256(str(i).encode()) for i in range(30))]
        (self.folder / "bad.txt").write_text("".join(f"{line}\n" for line in lines))
        (self.folder / "feeds.yaml").write_text(
            "version: 1\nfeeds:\n  - {name: bad, file: bad.txt, format: hashes, threat: malware}\n")
        subprocess.run([BIN / "weir", "feeds", "refresh", "--config", self.folder / "weir.yaml"],
                       capture_output=True, timeout=60)

    def notices(self, gw, what="patient-zero"):
        return [e for e in gw.events() if unmapped(e).get("notice") == what]

    def marked_as_told(self, gw):
        with contextlib.closing(sqlite3.connect(f"file:{gw.state}/retro.sqlite?mode=ro", uri=True)) as db:
            return db.execute("SELECT COUNT(*) FROM told").fetchone()[0]

    def kill(self, gw):
        gw.process.send_signal(signal.SIGKILL)
        gw.process.wait()
        gw.log_file.close()

    def test_who_got_what(self):
        made = subprocess.run([BIN / "weir", "passwd", "alice"], input="s3cret\n", text=True,
                              capture_output=True)
        (self.folder / "users").write_text(made.stdout)
        gw = self.start(settings=(
            "auth:\n  password_file: users\n"
            "links:\n  edr: 'https://edr.test/?u={user}&c={client}&t={ms}'\n"
            "  intelligence: 'https://intel.test/{hash}'\n"))
        alice = ("--proxy-user", "alice:s3cret")
        self.get(gw, "/page", "other.test", *alice)
        self.get(gw, "/a.bin", "files.test", *alice)
        self.get(gw, "/b.bin", "files.test", *alice)
        digest = sha256(FILES["/a.bin"])
        # The rows of the three transactions are written in their order, by a thread of its own.
        self.wait_for_rows("history", "hash", sha256(FILES["/b.bin"]))
        row, = self.rows("history", "hash", digest)
        self.assertEqual((row["client"], row["user"], row["host"], row["action"], row["verdict"]),
                         ("127.0.0.1", "alice", "files.test", "allow", "clean"))
        gw.event(lambda e: e.get("metadata", {}).get("uid") == row["event"], "the same event")
        self.assertEqual(len([r for r in self.rows("history", "host", "FILES.test") if "sha256" in r]), 2)
        self.assertTrue(self.rows("history", "user", "alice", "--since", "1h"))
        self.assertEqual(len(self.rows("history", "url", "/b.bi")), 1)
        self.assertEqual(len(self.rows("history", "file", "a.bin")), 1)
        self.assertEqual(self.rows("history", "client", "127.0.0.1", "--until", "2020-01-01", code=1), [])
        self.assertEqual(self.rows("history", "hash", "0" * 64, code=1), [])
        self.weir("history", "hash", "xyz", code=2)
        self.weir("history", "client", "127.0.0.1", "--since", "soon", code=2)
        table = list(csv.DictReader(io.StringIO(self.weir("history", "domain", "files.test", "--csv"))))
        self.assertEqual({r["user"] for r in table if r["sha256"]}, {"alice"})

        # What else did this endpoint do around that event? In order, with links.
        around = self.rows("timeline", "--event", row["event"], "--minutes", "5")
        urls = [r["url"] for r in around if r["action"] == "allow"]
        self.assertLess(next(i for i, u in enumerate(urls) if u.endswith("/page")),
                        next(i for i, u in enumerate(urls) if u.endswith("/b.bin")))
        marked = next(r for r in around if r["event"] == row["event"])
        self.assertEqual(marked["links"]["intelligence"], f"https://intel.test/{digest}")
        self.assertTrue(marked["links"]["edr"].startswith("https://edr.test/?u=alice&c=127.0.0.1&t="))
        self.assertIn("> ", self.weir("timeline", "--event", row["event"]))
        self.assertTrue(self.rows("timeline", "alice", "--around", "now"))
        self.assertEqual(self.rows("timeline", "alice", "--around", "2020-01-01T12:00", code=1), [])
        self.weir("timeline", code=2)
        metrics = curl(gw, f"http://{gw.admin}/metrics", proxy=False).stdout
        self.assertIn("weir_history_rows_dropped_total 0", metrics)
        wait_until(lambda: "weir_history_rows_written_total 0\n" not in
                   curl(gw, f"http://{gw.admin}/metrics", proxy=False).stdout, "the count of rows")

        # Nothing that was written is lost by a kill, and asking needs no gateway.
        before = self.rows("history", "client", "127.0.0.1")
        self.kill(gw)
        self.assertEqual(self.rows("history", "client", "127.0.0.1"), before)
        gw.start()
        self.get(gw, "/c.bin", "files.test", *alice)
        self.wait_for_rows("history", "hash", sha256(FILES["/c.bin"]))
        self.assertGreater(len(self.rows("history", "client", "127.0.0.1")), len(before))

    def test_patient_zero_reaches_everybody_once(self):
        cert = self.pki.issue("127.0.0.1")
        hook, mail = Webhook(cert), MailSink(cert)
        self.addCleanup(hook.close)
        self.addCleanup(mail.close)
        (self.folder / "header").write_text("Authorization: Bearer hook-secret\n")
        (self.folder / "login").write_text("weir\nmail-secret\n")
        gw = self.start(settings=(
            f"notify:\n  webhook: '{hook.url}'\n  webhook_header_file: header\n"
            f"  mail_server: 'smtp://127.0.0.1:{mail.port}'\n  mail_from: weir@gw.test\n"
            "  mail_to: 'soc@corp.test, it@corp.test'\n  mail_login_file: login\n"
            f"  ca_file: {self.pki.ca_file}\n"))
        self.get(gw, "/a.bin")
        self.get(gw, "/b.bin")
        bad = sha256(FILES["/a.bin"])
        self.wait_for_rows("history", "hash", sha256(FILES["/b.bin"]))

        # The file is listed after it was delivered. The webhook fails, the mail server is away.
        hook.answers = [500] * 1000
        mail.refuse = 1
        self.list_as_bad(bad)
        notice = gw.event(lambda e: unmapped(e).get("notice") == "patient-zero", "the notice")
        self.assertEqual((notice["class_uid"], unmapped(notice)["value"]), (2004, bad))
        receipt, = unmapped(notice)["receipts"]
        self.assertEqual((receipt["client"], receipt["times"]), ("127.0.0.1", "1"))
        self.assertTrue(receipt["url"].endswith("/a.bin"))
        wait_until(lambda: hook.tries, "a try")
        self.assertEqual(hook.tries[0]["Authorization"], "Bearer hook-secret")
        self.assertEqual((hook.got, mail.mails), ([], []))

        # Killed while the notice waits: it goes out after the start, and it is told once. (A kill
        # between the notice and the mark that it was told would tell it twice.)
        wait_until(lambda: self.marked_as_told(gw) == 1, "the mark")
        self.kill(gw)
        hook.answers = [503, "slow"]
        mail.open()
        gw.start()
        posted = wait_until(lambda: hook.got, "the webhook", 60)
        self.assertEqual(unmapped(posted[0])["value"], bad)
        (to, message), *_ = wait_until(lambda: mail.mails, "the mail", 60)
        self.assertEqual(len(to), 2)
        subject = str(email.header.make_header(email.header.decode_header(message["Subject"])))
        self.assertIn("[weir] high: The file with SHA-256 " + bad[:20], subject)
        self.assertIn("/a.bin", message.get_payload(decode=True).decode())
        self.assertEqual(mail.logins[0], b"\0weir\0mail-secret")

        # A small change elsewhere tells nothing again; what is new is told.
        self.get(gw, "/c.bin")
        self.wait_for_rows("history", "hash", sha256(FILES["/c.bin"]))
        self.list_as_bad(bad, sha256(FILES["/c.bin"]))
        wait_until(lambda: len(self.notices(gw)) >= 2, "the second notice")
        wait_until(lambda: len(hook.got) >= 2 and len(mail.mails) >= 2, "the second sending", 60)
        self.assertEqual([unmapped(n)["value"] for n in self.notices(gw)],
                         [bad, sha256(FILES["/c.bin"])])
        self.assertEqual(len(hook.got), 2)
        metrics = curl(gw, f"http://{gw.admin}/metrics", proxy=False).stdout
        self.assertIn('weir_notices_sent_total{outlet="webhook"}', metrics)
        self.assertIn('weir_notices_given_up_total{outlet="mail"} 0', metrics)
        for path in (self.folder / "state").rglob("*"):
            if path.is_file():
                self.assertNotIn(b"hook-secret", path.read_bytes(), path)
                self.assertNotIn(b"mail-secret", path.read_bytes(), path)

        # By hand, with and without the gateway.
        found = self.rows("retro", "--since", "1h", code=1)
        self.assertEqual({unmapped(n)["value"] for n in found}, {bad, sha256(FILES["/c.bin"])})
        gw.stop()
        self.assertIn(bad, self.weir("retro", code=1))
        self.weir("retro", "--since", "soon", code=2)

    def test_what_was_inside_an_archive_is_found(self):
        gw = self.start()
        bad, kit = sha256(PROGRAM), sha256(FILES["/kit.zip"])
        self.get(gw, "/kit.zip")
        self.get(gw, "/a.bin")
        self.wait_for_rows("history", "hash", sha256(FILES["/a.bin"]))
        row, = self.rows("history", "hash", bad)
        self.assertEqual((row["sha256"], row["inside"], row["client"], row["action"]),
                         (kit, True, "127.0.0.1", "allow"))
        self.assertIn(f"inside  sha256:{kit[:16]}", self.weir("history", "hash", bad))
        row, = self.rows("history", "hash", kit)
        self.assertNotIn("inside", row)

        self.list_as_bad(bad)
        notice = gw.event(lambda e: unmapped(e).get("notice") == "patient-zero", "the notice")
        self.assertEqual((unmapped(notice)["value"], unmapped(notice)["inside"]), (bad, "1"))
        receipt, = unmapped(notice)["receipts"]
        self.assertEqual((receipt["client"], receipt["sha256"], receipt["file"], receipt["inside"]),
                         ("127.0.0.1", kit, "kit.zip", "true"))
        wait_until(lambda: self.marked_as_told(gw) == 1, "the mark")

        # Its place is kept over a kill, and a restart tells it no more: the next notice is another's.
        self.kill(gw)
        gw.start()
        self.list_as_bad(bad, sha256(FILES["/a.bin"]))
        wait_until(lambda: len(self.notices(gw)) >= 2, "the second notice")
        self.assertEqual([unmapped(n)["value"] for n in self.notices(gw)],
                         [bad, sha256(FILES["/a.bin"])])
        gw.stop()
        self.assertIn(f"inside sha256:{kit}", self.weir("retro", code=1))

    def test_what_was_listed_while_it_was_down_is_told_after_the_start(self):
        gw = self.start()
        self.get(gw, "/a.bin")
        self.get(gw, "/x", "other.test")
        self.wait_for_rows("history", "host", "other.test")
        self.wait_for_rows("history", "hash", sha256(FILES["/a.bin"]))
        self.kill(gw)
        self.weir("block", "other.test", "--why", "it was bad")
        self.weir("block", sha256(FILES["/a.bin"]))
        gw.start()
        wait_until(lambda: len(self.notices(gw)) >= 2, "the notices")
        self.assertEqual({unmapped(n)["value"] for n in self.notices(gw)},
                         {"other.test", sha256(FILES["/a.bin"])})
        # A restart more does not tell it again: a third notice would be written before this one.
        gw.stop()
        gw.start()
        self.get(gw, "/b.bin")
        self.wait_for_rows("history", "hash", sha256(FILES["/b.bin"]))
        self.weir("block", sha256(FILES["/b.bin"]))
        wait_until(lambda: len(self.notices(gw)) >= 3, "the third notice")
        self.assertEqual(unmapped(self.notices(gw)[2])["value"], sha256(FILES["/b.bin"]))

    def test_no_mail_and_no_password_without_tls(self):
        plain, stranger = MailSink(None), MailSink(self.pki.issue("127.0.0.1", self_signed=True))
        (self.folder / "login").write_text("weir\nmail-secret\n")
        for sink, tls in ((plain, "required"), (plain, "optional"), (stranger, "required")):
            gw = self.start(settings=(
                f"notify:\n  mail_server: 'smtp://127.0.0.1:{sink.port}'\n  mail_from: weir@gw.test\n"
                f"  mail_to: soc@corp.test\n  mail_tls: {tls}\n  mail_login_file: login\n"
                f"  ca_file: {self.pki.ca_file}\n"), hosts=[f"{sink.port}-{tls}.mail.test"])
            if not sink.words:
                sink.open()
            self.get(gw, "/x", f"{sink.port}-{tls}.mail.test")
            self.wait_for_rows("history", "host", f"{sink.port}-{tls}.mail.test")
            self.weir("block", f"{sink.port}-{tls}.mail.test")
            wait_until(lambda: 'weir_notice_failures_total{outlet="mail"} 0' not in
                       curl(gw, f"http://{gw.admin}/metrics", proxy=False).stdout, "a failure")
            gw.stop()
            self.assertEqual((sink.mails, sink.logins), ([], []))
            self.assertFalse({"AUTH", "MAIL", "DATA"} & set(sink.words))
        for sink in (plain, stranger):
            sink.close()

    def test_kills_lose_no_notice(self):
        hook = Webhook(self.pki.issue("127.0.0.1"))
        self.addCleanup(hook.close)
        gw = self.start(settings=f"notify:\n  webhook: '{hook.url}'\n  ca_file: {self.pki.ca_file}\n")
        for number, after in enumerate((0, 0.05, 0.3, 1.0)):
            FILES[f"/{number}.exe"] = f"file {number} ".encode() * 40
            self.get(gw, f"/{number}.exe")
            digest = sha256(FILES[f"/{number}.exe"])
            self.wait_for_rows("history", "hash", digest)
            self.weir("block", digest)
            time.sleep(after)
            self.kill(gw)
            gw.start()
        wanted = {sha256(FILES[f"/{number}.exe"]) for number in range(4)}
        wait_until(lambda: {unmapped(n)["value"] for n in hook.got} == wanted, "all notices", 60)
        self.assertEqual({unmapped(n)["value"] for n in self.notices(gw)}, wanted)
        self.assertEqual({r["sha256"] for r in self.rows("history", "host", "files.test")
                          if r.get("file", "").endswith(".exe")}, wanted)

    def test_quarantine_acts_are_audited(self):
        gw = self.start()
        self.assertEqual(self.weir("quarantine", "list"), "")
        self.weir("quarantine", "show", "0" * 64, code=1)
        self.weir("quarantine", "release", "0" * 64, code=1)
        self.weir("quarantine", "fetch", "0" * 64, "--to", str(self.folder), code=1)
        self.weir("quarantine", "delete", "0" * 64, "nonsense", code=2)
        log = (gw.state / "audit.jsonl").read_text().splitlines()
        self.assertEqual([(a["act"], a["done"]) for a in map(json.loads, log)],
                         [("release", False), ("fetch", False), ("delete", False)])
        self.assertEqual((gw.state / "audit.jsonl").stat().st_mode & 0o777, 0o600)
        self.assertEqual([p for p in self.folder.iterdir() if ".zip" in p.name], [])


if __name__ == "__main__":
    main()
