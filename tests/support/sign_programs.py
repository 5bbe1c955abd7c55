#!/usr/bin/python3
"""sign_programs.py UNSIGNED FOLDER: makes test authorities and signs a Windows program in every way
that tests ask for. FOLDER gets roots.pem (one root for signers, one for time stamps) and the programs.
Needs openssl and osslsigncode, whose time stamps come from a server here on the loopback."""
import datetime
import http.server
import os
import subprocess
import sys
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

CODE, STAMP = ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.TIME_STAMPING
SERVER = ExtendedKeyUsageOID.SERVER_AUTH
LIFETIME = ObjectIdentifier("1.3.6.1.4.1.311.10.3.13")
NOW = datetime.datetime.utcnow()
LONG_AGO, LONG_AFTER = datetime.datetime(2020, 1, 1), datetime.datetime(2049, 1, 1)
EXPIRED, TOMORROW = datetime.datetime(2022, 1, 1), NOW + datetime.timedelta(days=1)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Authority:
    def __init__(self, name):
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.certificate = self.make(self.name, self.key, [
            (x509.BasicConstraints(ca=True, path_length=None), True)], LONG_AFTER)

    def make(self, subject, key, extensions, until):
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(LONG_AGO).not_valid_after(until))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, file, usages=(CODE,), until=LONG_AFTER, key=KEY, **names):
        subject = x509.Name([x509.NameAttribute(getattr(NameOID, kind), value)
                             for kind, value in names.items()])
        extensions = [(x509.BasicConstraints(ca=False, path_length=None), True)]
        if usages:
            extensions.append((x509.ExtendedKeyUsage(list(usages)), STAMP in usages))
        write(file, self.make(subject, key, extensions, until), key)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def write(file, certificate, key):
    with open(file + ".pem", "wb") as out:
        out.write(pem(certificate))
    with open(file + ".key", "wb") as out:
        out.write(key.private_bytes(serialization.Encoding.PEM,
                                    serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption()))


STAMPS = """[tsa]
default_tsa = stamps
[stamps]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
"""


class StampServer(http.server.BaseHTTPRequestHandler):
    """RFC 3161 section 3.4: a request is posted, the answer comes back."""

    def do_POST(self):
        with open("query", "wb") as out:
            out.write(self.rfile.read(int(self.headers["Content-Length"])))
        subprocess.run(["openssl", "ts", "-reply", "-config", "ts.cnf", "-queryfile", "query", "-signer",
                        "tsa.pem", "-inkey", "tsa.key", "-out", "answer"], check=True,
                       capture_output=True)
        with open("answer", "rb") as answer:
            body = answer.read()
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def sign(unsigned, signer, output, *more, digest="sha256"):
    subprocess.run(["osslsigncode", "sign", "-certs", signer + ".pem", "-key", signer + ".key",
                    "-h", digest, *more, "-in", unsigned, "-out", output], check=True,
                   capture_output=True)


def make_certificates():
    root, stamps, other = (Authority(name) for name in ("Signing Root", "Stamping Root", "Other Root"))
    with open("roots.pem", "wb") as out:
        out.write(b"For signers:\n" + pem(root.certificate) + b"\nFor stamps:\n" +
                  pem(stamps.certificate))
    with open("signing_root.pem", "wb") as out:
        out.write(pem(root.certificate))
    root.issue("publisher", ORGANIZATION_NAME="Example Works", COMMON_NAME="Example Works Ltd")
    root.issue("curve", COMMON_NAME="Curved W\u00f6rks", key=ec.generate_private_key(ec.SECP384R1()))
    root.issue("organisation", ORGANIZATION_NAME="Only An Organisation")
    root.issue("odd", COMMON_NAME="Ex\x01ample\u0085")
    root.issue("expired", COMMON_NAME="Expired Works", until=EXPIRED)
    root.issue("short", COMMON_NAME="Short Works", until=TOMORROW)
    root.issue("lifetime", COMMON_NAME="Lifetime", usages=(CODE, LIFETIME), until=TOMORROW)
    root.issue("server", COMMON_NAME="www.example.com", usages=(SERVER,))
    root.issue("general", COMMON_NAME="General", usages=())
    root.issue("weak", COMMON_NAME="Weak Works",
               key=rsa.generate_private_key(public_exponent=65537, key_size=1024))
    stamps.issue("tsa", COMMON_NAME="Stamps", usages=(STAMP,))
    other.issue("stranger", COMMON_NAME="Example Works Ltd")


def sign_all(unsigned, stamp):
    sign(unsigned, "publisher", "good.exe")
    sign(unsigned, "publisher", "sha512.exe", digest="sha512")
    sign(unsigned, "publisher", "stamped.exe", *stamp)
    sign(unsigned, "publisher", "sha1.exe", digest="sha1")
    sign("sha1.exe", "publisher", "two.exe", "-nest")
    sign("sha1.exe", "stranger", "two-strange.exe", "-nest")
    sign(unsigned, "publisher", "blob.exe", "-addUnauthenticatedBlob")
    sign(unsigned, "short", "short-stamped.exe", *stamp)
    sign(unsigned, "expired", "expired-stamped.exe", *stamp)
    sign(unsigned, "lifetime", "lifetime-stamped.exe", *stamp)
    for name in ("curve", "organisation", "odd", "expired", "short", "server", "general", "weak",
                 "stranger"):
        sign(unsigned, name, name + ".exe")


def main():
    unsigned = os.path.realpath(sys.argv[1])
    os.makedirs(sys.argv[2], exist_ok=True)
    os.chdir(sys.argv[2])
    make_certificates()
    with open("ts.cnf", "w", encoding="ascii") as out:
        out.write(STAMPS)
    with open("serial", "w", encoding="ascii") as out:
        out.write("01\n")
    server = http.server.HTTPServer(("127.0.0.1", 0), StampServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sign_all(unsigned, ("-ts", f"http://127.0.0.1:{server.server_port}/"))


if __name__ == "__main__":
    main()
