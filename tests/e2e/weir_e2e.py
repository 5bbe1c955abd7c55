"""What the end-to-end scenarios share: a gateway of their own, origins, a test PKI and curl.

Each scenario is a program that runs its steps with unittest against the real binaries. Everything
listens on loopback ports that the kernel picked; names end in .test and resolve through the
gateway's hosts override only.
"""

import datetime
import ipaddress
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BIN = pathlib.Path(os.environ.get("WEIR_BIN", "build/test/bin"))
SOURCE = pathlib.Path(os.environ.get("WEIR_SOURCE", "."))
SANITIZED = bool(os.environ.get("WEIR_SANITIZE"))
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def wait_until(condition, what, seconds=30):
    """Polls a condition of another process; fails loudly when it never comes true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"timed out waiting for {what}")


class Pki:
    """A CA and server certificates for origins."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.cert = self._certificate("Test Origin CA", self.key, None, None, ca=True)
        self.ca_file = self.folder / "origin-ca.pem"
        self.ca_file.write_bytes(self.cert.public_bytes(serialization.Encoding.PEM))

    def _certificate(self, name, key, names, issuer, ca=False, start=-1, end=30, signer=None,
                     digest=None, aia=None):
        now = datetime.datetime.utcnow()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (x509.CertificateBuilder().subject_name(subject)
                   .issuer_name(issuer.subject if issuer else subject)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now + datetime.timedelta(days=start))
                   .not_valid_after(now + datetime.timedelta(days=end))
                   .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True))
        if ca:
            builder = builder.add_extension(
                x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)
        if names:
            general = []
            for entry in names:
                try:
                    general.append(x509.IPAddress(ipaddress.ip_address(entry)))
                except ValueError:
                    general.append(x509.DNSName(entry))
            builder = builder.add_extension(x509.SubjectAlternativeName(general), False)
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        return builder.sign(signer or key, digest or hashes.SHA256())

    def issue(self, *names, start=-1, end=30, self_signed=False):
        """Writes a key and a certificate for the names; returns (certificate, key) paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self._certificate(names[0], key, names, None if self_signed else self.cert,
                                 start=start, end=end, signer=None if self_signed else self.key)
        stem = self.folder / f"{names[0]}-{os.urandom(3).hex()}"
        cert_file, key_file = stem.with_suffix(".crt"), stem.with_suffix(".key")
        cert_file.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        return cert_file, key_file


class RawOrigin:
    """A scriptable origin: `handler(connection, head_bytes)` answers raw; TLS unless cert is None."""

    def __init__(self, handler, cert=None, alpn=None):
        self.handler = handler
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.requests = []
        self.connections = 0
        self.context = None
        if cert:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*cert)
            if alpn:
                self.context.set_alpn_protocols(alpn)
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    def _accept(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw):
        try:
            raw.settimeout(60)
            connection = self.context.wrap_socket(raw, server_side=True) if self.context else raw
            while True:
                head = b""
                while b"\r\n\r\n" not in head:
                    data = connection.recv(1)
                    if not data:
                        return
                    head += data
                self.requests.append(head)
                if self.handler(connection, head) == "close":
                    connection.close()
                    return
        except (OSError, ssl.SSLError):
            pass

    def close(self):
        # Closing alone does not wake the thread in accept(), and the number of its descriptor may be
        # the next origin's: it would then serve a stranger with the certificate of another CA.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.acceptor.join(20)
        self.listener.close()


def respond(connection, body, status="200 OK", headers=(), content_type="text/plain"):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    lines += list(headers)
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


class Gateway:
    """A running gateway with a configuration of its own."""

    def __init__(self, folder, hosts=(), ports=(), policy=None, settings="", extra_ca=None,
                 arguments=(), lists=None, open_addresses=("127.0.0.0/8",), feeds_file=None,
                 brands=None, name_settings="", sandbox_file=None):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        (self.folder / "rules").mkdir(exist_ok=True)
        (self.folder / "clamav").mkdir(exist_ok=True)
        for name, text in (lists or {}).items():
            (self.folder / name).write_text(text)
        shutil.copy(SOURCE / "conf/rules/weir.yar", self.folder / "rules/weir.yar")
        self.policy_file = self.folder / "policy.yaml"
        self.ports = sorted({443, 8443, *ports})
        self.open_addresses = list(open_addresses)
        self.write_policy(policy)
        names = "".join(f"    {host}: [127.0.0.1]\n" for host in hosts)
        extra = f"  extra_ca_files: [{extra_ca}]\n" if extra_ca else ""
        self.config = self.folder / "weir.yaml"
        self.config.write_text(
            f"state_dir: {self.state}\nthreads: 2\npolicy_file: policy.yaml\n"
            f"feeds_file: {feeds_file or repr(str())}\n"
            f"sandbox_file: {sandbox_file or repr(str())}\n"
            "listen:\n  proxy: ['127.0.0.1:0']\n  admin: '127.0.0.1:0'\n"
            f"dns:\n  hosts_only: true\n" + (f"  hosts:\n{names}" if names else "") +
            f"tls:\n  system_ca_file: ''\n{extra}"
            f"names:\n  brands_file: {brands or SOURCE / 'conf/brands.yaml'}\n"
            f"  doh_file: {SOURCE}/conf/lists/doh-endpoints.txt\n"
            f"  cloud_file: {SOURCE}/conf/lists/cloud-suffixes.txt\n{name_settings}"
            "inspect:\n  rules_dir: rules\n  clamav_dir: clamav\n" + settings)
        self.arguments = list(arguments)
        self.start()

    def write_policy(self, policy=None):
        ports = f"[{', '.join(str(p) for p in self.ports)}]"
        addresses = f"[{', '.join(self.open_addresses)}]"
        network = (f"network:\n  connect_ports: {ports}\n"
                   f"  http_ports: {ports[:-1]}, 80]\n  open_addresses: {addresses}\n")
        self.policy_file.write_text(f"version: 1\n{network}{policy or DEFAULT_POLICY}")

    def start(self):
        run_file = self.state / "run.json"
        run_file.unlink(missing_ok=True)
        self.log_file = open(self.folder / "gateway.log", "ab")
        self.process = subprocess.Popen(
            [BIN / "weir", "run", "--config", self.config, *self.arguments],
            stdout=self.log_file, stderr=self.log_file)

        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the gateway ended: {self.log()}")
            return run_file.exists()
        wait_until(ready, "the gateway to be ready", 60)
        addresses = json.loads(run_file.read_text())
        self.proxy = addresses["proxy"][0]
        self.admin = addresses["admin"]
        self.ca = self.state / "ca.pem"

    def log(self):
        return (self.folder / "gateway.log").read_text(errors="replace")[-8000:]

    def log_file_text(self):
        return (self.folder / "gateway.log").read_text(errors="replace")

    def events(self):
        path = self.state / "events.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]

    def event(self, match, what="an event"):
        """The first event that matches, waiting for the writer."""
        return wait_until(lambda: next((e for e in self.events() if match(e)), None), what)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log_file.close()
        self.expect_no_report()
        return self.process.returncode

    def expect_no_report(self):
        """What a sanitizer found in one of the programs fails the scenario."""
        text = (self.folder / "gateway.log").read_text(errors="replace")
        for mark in ("Sanitizer:", "runtime error:"):
            if mark in text:
                raise AssertionError(text[max(0, text.index(mark) - 200):][:20000])


DEFAULT_POLICY = """
profiles:
  download: {delivery: hold, scanners: [hash, yara, structure]}
  trickled: {delivery: trickle, scanners: [hash, yara, structure]}
  media: {delivery: stream, scanners: [hash], prove_media: true}
  endless: {delivery: stream, scanners: []}
connect:
  - {name: open, action: intercept}
request:
  - {name: everything, action: allow}
response:
  - {name: endless, when: {endless: true}, action: allow, profile: endless}
  - {name: media, when: {content_type: ['video/*', 'image/*']}, action: allow, profile: media}
  - {name: trickled, when: {path: ['/trickle/*']}, action: allow, profile: trickled}
  - {name: rest, action: allow, profile: download}
verdict:
  - {name: bad, when: {verdict: malicious}, action: block, reason: It is known to be harmful.}
  - {name: unseen, when: {verdict: uninspectable}, action: block}
  - {name: good, action: allow}
"""


def curl(gateway, *arguments, check=True, binary=False, proxy=True):
    """Runs curl through the gateway; gives the completed process (stdout text unless binary)."""
    command = ["curl", "--silent", "--show-error", "--suppress-connect-headers", "--max-time", "60"]
    if proxy:
        command += ["--proxy", f"http://{gateway.proxy}", "--cacert", str(gateway.ca)]
    result = subprocess.run([*command, *[str(a) for a in arguments]], capture_output=True)
    if check and result.returncode != 0:
        raise AssertionError(f"curl {arguments}: exit {result.returncode}: "
                             f"{result.stderr.decode()}\n{gateway.log()}")
    if not binary:
        result.stdout = result.stdout.decode(errors="replace")
    return result


def unmapped(event):
    return event.get("unmapped", {}).get("weir", {})


class Scenario(unittest.TestCase):
    """A temporary folder, a PKI and a gateway that are gone afterwards."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-e2e-"))
        self.pki = Pki(self.folder)
        self.addCleanup(shutil.rmtree, self.folder, True)

    def gateway(self, *arguments, **options):
        options.setdefault("extra_ca", self.pki.ca_file)
        gateway = Gateway(self.folder, *arguments, **options)
        self.addCleanup(gateway.stop)
        return gateway


def main():
    unittest.main(verbosity=2, argv=[sys.argv[0]])
