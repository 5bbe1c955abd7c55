#!/usr/bin/env python3
"""Makes the mails of this folder with Python's email package (run it here)."""
import base64
import binascii
import email.policy
import io
import mailbox
import textwrap
import zipfile
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText


def packed():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("a.txt", (2020, 1, 1, 0, 0, 0))
        archive.writestr(info, "packed\n" * 200)
    return out.getvalue()


def new(subject):
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = "someone@example.org"
    message["To"] = "other@example.org"
    message["Subject"] = subject
    message["Date"] = "Mon, 01 Jan 2024 00:00:00 +0000"
    message["Message-ID"] = "<1@example.org>"
    return message


def write(name, message):
    data = message if isinstance(message, bytes) else message.as_bytes()
    with open(name, "wb") as out:
        out.write(data)


def boundary(message, word):
    message.set_boundary(word)
    return message


def main():
    plain = new("plain")
    plain.set_content("nothing but text\n")
    write("plain.eml", plain)

    attached = new("attached")
    attached.set_content("see attachment\n")
    attached.add_attachment(packed(), maintype="application", subtype="zip",
                            filename="Rechnung März 2024.zip")
    attached.add_attachment("zeile = ümlaut\n", filename="text.txt", cte="quoted-printable")
    write("attached.eml", boundary(attached, "outer"))

    page = new("alternative")
    page.set_content("text\n")
    page.add_alternative("<html><p>page</p></html>\n", subtype="html")
    page.add_attachment(b"\x00\x01binary", maintype="application", subtype="octet-stream",
                        filename="x.bin")
    boundary(page, "outer")
    boundary(page.get_payload()[0], "inner")
    write("nested.eml", page)

    forwarded = new("forwarded")
    forwarded.set_content("see below\n")
    forwarded.add_attachment(attached)
    write("forwarded.eml", boundary(forwarded, "around"))

    secure = MIMEMultipart("encrypted", protocol="application/pgp-encrypted", boundary="pgp")
    secure["From"] = "someone@example.org"
    secure["Subject"] = "secret"
    secure.attach(MIMEApplication(b"Version: 1\n", "pgp-encrypted", _encoder=lambda part: None))
    secure.attach(MIMEApplication(b"-----BEGIN PGP MESSAGE-----\n\nhQEM\n=abcd\n"
                                  b"-----END PGP MESSAGE-----\n", "octet-stream",
                                  _encoder=lambda part: None, name="encrypted.asc"))
    write("pgp-mime.eml", secure)

    enveloped = new("smime")
    enveloped.set_content(b"0\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", "application",
                          "pkcs7-mime", params={"smime-type": "enveloped-data"})
    write("smime.eml", enveloped)

    saved = MIMEMultipart("related", boundary="page", type="text/html")
    saved["From"] = "<Saved by Blink>"
    saved["Snapshot-Content-Location"] = "https://example.org/"
    saved["Subject"] = "A page"
    html = MIMEText("<html><script src='a.js'></script></html>", "html")
    html["Content-Location"] = "https://example.org/index.html?x=1"
    script = MIMEText("alert(1);", "javascript")
    script["Content-Location"] = "https://example.org/js/a.js"
    saved.attach(html)
    saved.attach(script)
    write("page.mhtml", saved)

    box = mailbox.mbox("two.mbox")
    for message in (plain, attached):
        box.add(mailbox.mboxMessage(message.as_bytes()))
    box.close()
    with open("two.mbox", "rb") as made:
        lines = made.read().splitlines(keepends=True)
    lines = [b"From MAILER-DAEMON Mon Jan  1 00:00:00 2024\n" if line.startswith(b"From MAILER")
             else line for line in lines]
    write("two.mbox", b"".join(lines))
    with open("packed.zip", "wb") as out:
        out.write(packed())
    coded(packed())


def coded(data):
    """The archive in the codings that text bodies have."""
    lines = [binascii.b2a_uu(data[at:at + 45]) for at in range(0, len(data), 45)]
    write("packed.uue", b"Some words.\n\nbegin 644 packed.zip\n" + b"".join(lines) +
          b"`\nend\nMore words.\n")
    xx = b"+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    table = bytes.maketrans(bytes(range(32, 96)), xx)
    write("packed.xxe", b"begin 644 packed.zip\n" +
          b"".join(line[:-1].translate(table) + b"\n" for line in lines) + b"+\nend\n")
    yenc = bytearray()
    for number, byte in enumerate(data):
        byte = (byte + 42) % 256
        yenc += b"=" + bytes([(byte + 64) % 256]) if byte in (0, 10, 13, 61) else bytes([byte])
        if number % 128 == 127:
            yenc += b"\r\n"
    write("packed.ync", b"=ybegin line=128 size=%d name=packed.zip\r\n" % len(data) +
          bytes(yenc) + b"\r\n=yend size=%d\r\n" % len(data))
    text = base64.b64encode(data).decode()
    wrapped = "\n".join(textwrap.wrap(text, 76))
    write("packed.b64.txt", f"Here it is\n\n{wrapped}\n\nBye\n".encode())
    pieces = "' +\n  '".join(textwrap.wrap(text, 60))
    save = ("var a = document.createElement('a'); a.href = URL.createObjectURL(blob);"
            " a.download = 'x.zip'; a.click();")
    write("smuggle-literal.html", f"<html><script>var d = '{pieces}';\n"
          "var blob = new Blob([Uint8Array.from(atob(d), c => c.charCodeAt(0))]);"
          f"{save}</script></html>\n".encode())
    numbers = ",".join(str(byte) for byte in data)
    write("smuggle-numbers.html", f"<html><script>var d = [{numbers}];\n"
          f"var blob = new Blob([new Uint8Array(d)]); {save}</script></html>\n".encode())
    write("smuggle-url.html", "<html><a id=x download='x.zip' href='data:application/zip;base64,"
          f"{text}'>x</a><script>document.getElementById('x').click()</script></html>\n".encode())


if __name__ == "__main__":
    main()
