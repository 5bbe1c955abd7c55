#!/usr/bin/env python3
"""Makes the PDFs of this folder with qpdf 11 (run it here). Names say what they are.

secret-*: the user password is "secret"; owner-*: only an owner password; the rest: clean twins and
the odd ones. handler-* and pubsec are hand-made: no tool of Debian's writes them.
"""
import re
import subprocess
import zlib


def pdf(objects, trailer="", header="%PDF-1.7\n", xref=True):
    out = header.encode("latin-1")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        if isinstance(body, str):
            body = body.encode("latin-1")
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out) - header.find("%PDF")
    if xref:
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
        for offset in offsets:
            out += b"%010d 00000 n \n" % (offset - header.find("%PDF"))
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\n".encode("latin-1")
    return out + b"startxref\n%d\n%%%%EOF\n" % start


def stream(data, entries=""):
    if isinstance(data, str):
        data = data.encode("latin-1")
    return f"<< /Length {len(data)} {entries} >>\nstream\n".encode() + data + b"\nendstream"


TEXT = "BT /F1 24 Tf 72 720 Td (Nothing in particular) Tj ET"


def pages(catalog="", page=""):
    return [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        f" /Resources << /Font << /F1 5 0 R >> >> {page} >>",
        stream(TEXT),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]


def write(name, data):
    with open(name, "wb") as out:
        out.write(data)


def qpdf(name, *options, source="plain.pdf"):
    subprocess.run(["qpdf", "--static-id", *options, source, name], check=True)


def encrypt(name, user, bits, *options, source="plain.pdf"):
    qpdf(name, "--allow-weak-crypto", "--encrypt", user, "boss", bits, *options, "--",
         source=source)


def encrypted_dictionary(name, dictionary):
    write(name, pdf(pages() + [dictionary],
                    "/Encrypt 6 0 R /ID [<30313233343536373839616263646566>"
                    " <30313233343536373839616263646566>]"))


def main():
    write("plain.pdf", pdf(pages()))
    write("with-header-later.pdf", pdf(pages(), header="junk of a proxy\n%PDF-1.4\n"))
    write("without-xref.pdf", pdf(pages(), xref=False))
    for kind, user in (("secret", "secret"), ("owner", "")):
        encrypt(f"{kind}-rc4-40.pdf", user, "40")
        encrypt(f"{kind}-rc4-128.pdf", user, "128", "--use-aes=n")
        encrypt(f"{kind}-rc4-128-v4.pdf", user, "128", "--force-V4")
        encrypt(f"{kind}-aes128.pdf", user, "128", "--use-aes=y")
        encrypt(f"{kind}-aes256-r5.pdf", user, "256", "--force-R5")
        encrypt(f"{kind}-aes256.pdf", user, "256")
        encrypt(f"{kind}-aes128-cleartext-metadata.pdf", user, "128", "--use-aes=y",
                "--cleartext-metadata")
        encrypt(f"{kind}-aes256-cleartext-metadata.pdf", user, "256", "--cleartext-metadata")
    qpdf("object-streams.pdf", "--object-streams=generate")
    qpdf("linearized.pdf", "--linearize")
    qpdf("secret-object-streams.pdf", "--object-streams=generate", "--encrypt", "secret", "boss",
         "256", "--")
    qpdf("secret-linearized.pdf", "--linearize", "--encrypt", "secret", "boss", "256", "--")
    write("note.txt", b"a note that is attached\n")
    qpdf("attachment.pdf", "--add-attachment", "note.txt", "--key=n", "--")
    encrypt("owner-attachment.pdf", "", "256", source="attachment.pdf")
    encrypt("secret-attachment.pdf", "secret", "256", source="attachment.pdf")

    # Only attachments encrypted: what 7.6.6 calls Identity for streams and strings, a filter for
    # embedded files.
    data = open("secret-aes256.pdf", "rb").read()
    for name, streams in (("secret-attachments-only.pdf", b"/StmF /Identity /StrF /Identity"),
                          ("identity.pdf", None)):
        changed = re.sub(rb"/StmF /StdCF /StrF /StdCF", streams or b"", data)
        if streams is None:
            changed = re.sub(rb"/CFM /AESV3", b"/CFM /None ", data)
        else:
            changed = changed.replace(b"/CF <<", b"/EFF /StdCF /CF <<")
        write(name, changed)

    encrypted_dictionary("handler-ebx.pdf", "<< /Filter /EBX_HANDLER /V 1 /Length 128 >>")
    encrypted_dictionary("handler-fileopen.pdf", "<< /Filter /FOPN_fLock /V 1 /Length 40 >>")
    encrypted_dictionary(
        "pubsec.pdf", "<< /Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s5 /V 4 /Length 128"
        " /CF << /DefaultCryptFilter << /CFM /AESV2 /Length 128 /Recipients [<3000>] >> >>"
        " /StmF /DefaultCryptFilter /StrF /DefaultCryptFilter >>")
    encrypted_dictionary("aes256-gcm.pdf", "<< /Filter /Standard /V 6 /R 7 /Length 256 /P -4"
                         f" /O <{'11' * 48}> /U <{'22' * 48}> /OE <{'33' * 32}> /UE <{'44' * 32}>"
                         " /CF << /StdCF << /CFM /AESV4 /Length 32 >> >> /StmF /StdCF"
                         " /StrF /StdCF >>")

    secret = open("secret-aes256.pdf", "rb").read()
    write("secret-broken-xref.pdf", re.sub(rb"startxref\n\d+", b"startxref\n99", secret))
    write("secret-cut.pdf", secret[:secret.rfind(b"startxref")])
    plain = open("plain.pdf", "rb").read()
    write("cut.pdf", plain[:plain.rfind(b"xref\n0")])
    write("nothing.pdf", b"%PDF-1.7\n" + b"\x93\x10" * 200)
    # An incremental update: a second section that leads to the first.
    start = int(re.search(rb"startxref\n(\d+)", secret).group(1))
    root = re.search(rb"trailer <<(.*?)>>\n?startxref", secret, re.S)
    update = b"7 0 obj\n(added)\nendobj\n"
    at = len(secret)
    table = b"xref\n7 1\n%010d 00000 n \n" % at
    trailer = root.group(1).replace(b"/Size 8", b"/Size 9")
    write("secret-updated.pdf", secret + update + table + b"trailer <<" + trailer +
          b" /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (start, at + len(update)))

    program = "app.alert('hello'); this.exportDataObject({cName: 'a', nLaunch: 2});"
    write("open-script.pdf", pdf(pages("/OpenAction << /S /JavaScript /JS 6 0 R >>") +
                                 [stream(zlib.compress(program.encode()),
                                         "/Filter /FlateDecode")]))
    write("disguised-names.pdf", pdf(pages(
        "/OpenAction << /S /J#61vaScript /#4aS (app.alert\\(1\\)) >>")))
    write("launch.pdf", pdf(pages("/OpenAction << /S /Launch /Win << /F (cmd.exe)"
                                  " /P (/c calc) >> >>")))
    write("open-share.pdf", pdf(pages("/OpenAction << /S /GoToE /F (\\\\\\\\10.0.0.1\\\\x)"
                                      " /D [0 /Fit] >>")))
    write("program.pdf", pdf(pages(
        "/Names << /EmbeddedFiles << /Names [(x) 6 0 R] >> >>") + [
            "<< /Type /Filespec /F (report.pdf.exe) /EF << /F 7 0 R >> >>",
            stream(b"MZ" + b"\0" * 58 + b"\x40\0\0\0PE\0\0" + b"\0" * 40,
                   "/Type /EmbeddedFile")]))
    write("hidden-program.pdf", pdf(pages() + [
        stream(zlib.compress(b"\x7fELF\x02\x01\x01" + b"\0" * 57), "/Filter /FlateDecode")]))
    write("xfa.pdf", pdf(pages("/AcroForm << /Fields [] /XFA [(template) 6 0 R (datasets) 7 0 R]"
                               " >>") + [stream("<template/>"), stream("<data/>")]))
    qpdf("open-script-packed.pdf", "--object-streams=generate", source="open-script.pdf")
    encrypt("owner-open-script.pdf", "", "256", source="open-script-packed.pdf")
    subprocess.run(["rm", "note.txt"], check=True)


if __name__ == "__main__":
    main()
