"""Day two: weir doctor on healthy and on broken installations, the life of the CA,
backup and restore, metrics."""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import unittest

from weir_e2e import BIN, SOURCE, RawOrigin, Scenario, curl, main, respond, wait_until


def doctor(config, *arguments, prefix=(), env=None):
    """(exit code, rows by area) of weir doctor --json."""
    result = subprocess.run([*prefix, BIN / "weir", "doctor", "--json", "-c", config, *arguments],
                            capture_output=True, text=True, timeout=120, env=env)
    found = json.loads(result.stdout)
    rows = {}
    for row in found["checks"]:
        rows.setdefault(row["area"], []).append(row)
    return result.returncode, rows


def worst(rows, area):
    order = ["ok", "warning", "error"]
    return max((row["health"] for row in rows.get(area, [])), key=order.index, default=None)


def database(folder, built):
    head = f"ClamAV-VDB:now:1:5:90:m:s:b:{built}".ljust(512)
    (folder / "clamav/daily.cvd").write_bytes(head.encode() + b"x")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Doctor(Scenario):
    """An installation that has run once, with everything that doctor wants."""

    SETTINGS = ("limits: {connections: 100}\nhistory: {max_bytes: 64MiB}\n"
                "quarantine: {files: 'off'}\n")

    def installation(self):
        gateway = self.gateway(settings="  spool_total_bytes: 64MiB\n" + self.SETTINGS)
        return gateway

    def stopped(self):
        gateway = self.installation()
        gateway.stop()
        return gateway

    def replace(self, gateway, old, new):
        text = gateway.config.read_text()
        self.assertIn(old, text)
        gateway.config.write_text(text.replace(old, new))

    def test_healthy_while_it_runs_and_while_it_does_not(self):
        gateway = self.installation()
        (self.folder / "clamav/own.ndb").write_text("Own.Test:0:*:6f776e2d74657374\n")
        code, rows = doctor(gateway.config)
        self.assertEqual(code, 0, rows)
        self.assertIn("runs, process", rows["gateway"][0]["found"])
        for area in ("settings", "policy", "state", "secrets", "disk", "clock", "descriptors",
                     "memory", "ca", "signer", "dns", "rules", "isolation", "clamav", "feeds"):
            self.assertEqual(worst(rows, area), "ok", area)
        gateway.stop()
        code, rows = doctor(gateway.config)
        self.assertEqual(code, 0, rows)
        self.assertEqual(rows["gateway"][0]["found"], "does not run")

    def test_the_table_for_people_ends_in_a_count(self):
        gateway = self.stopped()
        result = subprocess.run([BIN / "weir", "doctor", "-c", gateway.config],
                                capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stdout, r"(?m)^warning +clamav .*\n +-> run freshclam")
        self.assertRegex(result.stdout, r"\d+ ok, 1 warnings, 0 errors\n$")

    def test_no_secret_is_printed(self):
        gateway = self.stopped()
        key = (gateway.state / "ca.key").read_text().splitlines()[1]
        output = subprocess.run([BIN / "weir", "doctor", "-c", gateway.config],
                                capture_output=True, text=True).stdout
        self.assertNotIn(key, output)

    def test_ports(self):
        gateway = self.stopped()
        port = free_port()
        self.replace(gateway, "proxy: ['127.0.0.1:0']", f"proxy: ['127.0.0.1:{port}']")
        _, rows = doctor(gateway.config)
        self.assertEqual(worst(rows, "ports"), "ok")
        with socket.create_server(("127.0.0.1", port)):
            code, rows = doctor(gateway.config)
        self.assertEqual((code, worst(rows, "ports")), (2, "error"))
        self.assertIn(f"sport = :{port}", rows["ports"][0]["mend"])
        gateway.start()
        _, rows = doctor(gateway.config)
        self.assertIn("served by the gateway", rows["ports"][0]["found"])

    def test_modes_and_owners(self):
        gateway = self.stopped()
        os.chmod(gateway.state / "ca.key", 0o644)
        code, rows = doctor(gateway.config)
        self.assertEqual((code, worst(rows, "secrets")), (2, "error"))
        self.assertIn("chmod 600", rows["secrets"][0]["mend"])
        os.chmod(gateway.state / "ca.key", 0o600)
        os.chmod(gateway.state, 0o777)
        code, rows = doctor(gateway.config)
        self.assertEqual((code, worst(rows, "state")), (2, "error"))

    def test_a_ca_whose_key_is_another(self):
        gateway = self.stopped()
        subprocess.run(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out",
                        gateway.state / "ca.key"], check=True, capture_output=True)
        code, rows = doctor(gateway.config)
        self.assertEqual((code, worst(rows, "signer")), (2, "error"))
        self.assertIn("does not belong to", rows["signer"][0]["found"])

    def test_rules_policy_and_settings_with_mistakes(self):
        gateway = self.stopped()
        (self.folder / "rules/bad.yar").write_text("rule bad { condition: nonsense }\n")
        code, rows = doctor(gateway.config)
        self.assertEqual((code, worst(rows, "rules")), (2, "error"))
        self.assertIn("bad.yar", rows["rules"][0]["found"])
        gateway.policy_file.write_text("version: 1\nrequest:\n  - {name: x, action: explode}\n")
        _, rows = doctor(gateway.config)
        self.assertEqual(worst(rows, "policy"), "error")
        gateway.config.write_text("stat_dir: x\n")
        code, rows = doctor(gateway.config)
        self.assertEqual(code, 2)
        self.assertIn("weir.yaml:1:1", rows["settings"][0]["found"])

    def test_a_name_server_that_does_not_answer(self):
        gateway = self.stopped()
        self.replace(gateway, "hosts_only: true",
                     f"hosts_only: false\n  servers: ['127.0.0.1:{free_port()}']")
        code, rows = doctor(gateway.config)
        self.assertEqual((code, worst(rows, "dns")), (2, "error"))

    def test_old_databases_and_no_index(self):
        gateway = self.stopped()
        database(self.folder, 1_500_000_000)
        self.replace(gateway, "feeds_file: ''", f"feeds_file: {SOURCE}/conf/feeds.yaml")
        code, rows = doctor(gateway.config)
        self.assertEqual(code, 1, rows)
        self.assertEqual((worst(rows, "clamav"), worst(rows, "feeds")), ("warning", "warning"))

    def test_isolation_that_the_kernel_refuses(self):
        """A user namespace in which no further ones may be made: as on a system that forbids them."""
        gateway = self.stopped()
        prefix = ["unshare", "--user", "--map-root-user", "sh", "-c",
                  'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "sh"]
        code, rows = doctor(gateway.config, prefix=prefix)
        self.assertEqual((code, worst(rows, "isolation")), (2, "error"))
        self.assertIn("user.max_user_namespaces", rows["isolation"][0]["mend"])
        self.assertEqual(worst(rows, "signer"), "error")


def weir(gateway, *words, check=True, **options):
    result = subprocess.run([BIN / "weir", *words, "-c", gateway.config], capture_output=True,
                            text=True, timeout=120, **options)
    if check and result.returncode != 0:
        raise AssertionError(f"weir {words}: {result.returncode}: {result.stderr}")
    return result


def openssl(*words, folder):
    return subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True,
                          check=True).stdout


class CaLife(Scenario):
    """Another CA is put in force while the gateway runs, and clients trust what they did."""

    def running(self):
        origin = RawOrigin(lambda connection, head: respond(connection, b"hello"),
                           self.pki.issue("origin.test", "other.test", "third.test"))
        self.addCleanup(origin.close)
        self.origin = origin
        return self.gateway(hosts=("origin.test", "other.test", "third.test"),
                            ports=(origin.port,))

    def get(self, gateway, trusted, host="origin.test"):
        """The body, or "" where the client does not trust what it is shown."""
        result = subprocess.run(
            ["curl", "-sS", "--max-time", "30", "--proxy", f"http://{gateway.proxy}", "--cacert",
             trusted, f"https://{host}:{self.origin.port}/"], capture_output=True, text=True)
        self.assertIn(result.returncode, (0, 60), result.stderr)
        return result.stdout

    def issuer(self, gateway, host="origin.test"):
        """Of the leaf that is served now, and the certificates that come with it."""
        shown = subprocess.run(
            ["openssl", "s_client", "-showcerts", "-proxy", gateway.proxy, "-connect",
             f"{host}:{self.origin.port}", "-servername", host], input="", capture_output=True,
            text=True, timeout=60).stdout
        certificates = shown.split("-----BEGIN CERTIFICATE-----")[1:]
        return ["-----BEGIN CERTIFICATE-----" + one.split("-----END CERTIFICATE-----")[0] +
                "-----END CERTIFICATE-----\n" for one in certificates]

    def fingerprint(self, gateway, state):
        """Of the CA in this state, as weir ca show prints it."""
        for part in weir(gateway, "ca", "show").stdout.split("\n\n"):
            if state in part:
                return part.split("SHA-256")[1].split()[0]
        return None

    def activated(self, gateway):
        wait_until(lambda: "another CA is in force" in gateway.log_file_text(), "the next CA")

    def test_rotate(self):
        gateway = self.running()
        old = self.folder / "old.pem"
        shutil.copy(gateway.ca, old)
        self.assertEqual(self.get(gateway, old), "hello")
        before = self.fingerprint(gateway, "in force")

        weir(gateway, "ca", "rotate")
        following = self.fingerprint(gateway, "next")
        self.assertEqual(weir(gateway, "ca", "rotate", check=False).returncode, 3)
        published = wait_until(
            lambda: (text := curl(gateway, f"http://{gateway.admin}/ca.pem", proxy=False).stdout)
            .count("BEGIN") == 2 and text, "both on the admin listener")
        self.assertEqual(published, weir(gateway, "ca", "export", "--pem").stdout)
        new = self.folder / "new.pem"
        der = subprocess.run([BIN / "weir", "ca", "export", "--der", "-c", gateway.config],
                             capture_output=True, check=True).stdout
        (self.folder / "new.der").write_bytes(der)
        openssl("x509", "-inform", "DER", "-in", "new.der", "-out", "new.pem", folder=self.folder)
        # Nothing is signed by it yet.
        self.assertEqual(self.get(gateway, new), "")
        self.assertEqual(self.get(gateway, old), "hello")

        weir(gateway, "ca", "rotate", "--activate")
        self.activated(gateway)
        self.assertEqual(self.fingerprint(gateway, "in force"), following)
        self.assertEqual(self.fingerprint(gateway, "old,"), before)
        # Who trusts either is served, for hosts that had a leaf and for new ones.
        for host in ("origin.test", "other.test"):
            self.assertEqual(wait_until(lambda: self.get(gateway, new, host), "the new CA"), "hello")
            self.assertEqual(self.get(gateway, old, host), "hello")
        leaf, *sent = self.issuer(gateway)
        (self.folder / "leaf.pem").write_text(leaf)
        (self.folder / "sent.pem").write_text("".join(sent))
        for trusted in ("old.pem", "new.pem"):
            self.assertIn("leaf.pem: OK", openssl("verify", "-x509_strict", "-CAfile", trusted,
                                                  "-untrusted", "sent.pem", "leaf.pem",
                                                  folder=self.folder))

        weir(gateway, "ca", "rotate", "--finish")
        wait_until(lambda: self.get(gateway, old, "third.test") == "", "the old one refused")
        self.assertEqual(self.get(gateway, new, "third.test"), "hello")
        self.assertFalse((gateway.state / "ca-old.key").exists())
        gateway.stop()
        gateway.start()
        self.assertEqual(self.get(gateway, new), "hello")

    def test_no_request_fails_while_the_ca_changes(self):
        gateway = self.running()
        weir(gateway, "ca", "rotate")
        both = self.folder / "both.pem"
        both.write_text(weir(gateway, "ca", "export").stdout)
        done, codes, errors = threading.Event(), [], []

        def load(host):
            while not done.is_set():
                result = subprocess.run(
                    ["curl", "-sS", "--fail", "--proxy", f"http://{gateway.proxy}", "--cacert",
                     both, "-o", "/dev/null", "-w", "%{http_code} ", "-H", "Connection: close",
                     f"https://{host}:{self.origin.port}/[1-20]"], capture_output=True, text=True,
                    timeout=60)
                codes.extend(result.stdout.split())
                errors.append(result.stderr)

        threads = [threading.Thread(target=load, args=(host,))
                   for host in ("origin.test", "other.test")]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(codes) >= 40, "traffic")
        weir(gateway, "ca", "rotate", "--activate")
        self.activated(gateway)
        after = len(codes)
        wait_until(lambda: len(codes) >= after + 80, "traffic under the new CA")
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual("".join(errors), "")
        self.assertEqual(set(codes), {"200"})

    def test_a_ca_that_cannot_be_used_changes_nothing(self):
        gateway = self.running()
        old = self.folder / "old.pem"
        shutil.copy(gateway.ca, old)
        weir(gateway, "ca", "rotate")
        openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "ca-next.key",
                folder=gateway.state)
        weir(gateway, "ca", "rotate", "--activate")
        wait_until(lambda: "the new CA cannot be used" in gateway.log_file_text(), "the refusal")
        self.assertEqual(self.get(gateway, old), "hello")
        self.assertEqual(self.get(gateway, old, "other.test"), "hello")

    def test_an_intermediate_of_the_companys_pki(self):
        gateway = self.running()
        request = weir(gateway, "ca", "request", "--name", "weir at Example",
                       "--organisation", "Example Ltd").stdout
        (self.folder / "request.pem").write_text(request)
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
                "/O=Example Ltd/CN=Example Root", "-addext",
                "basicConstraints=critical,CA:TRUE,pathlen:1", "-addext",
                "keyUsage=critical,keyCertSign,cRLSign", "-keyout", "root.key", "-out", "root.pem",
                folder=self.folder)
        (self.folder / "extensions").write_text(
            "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n"
            "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid:always\n")
        openssl("x509", "-req", "-in", "request.pem", "-CA", "root.pem", "-CAkey", "root.key",
                "-CAcreateserial", "-days", "20", "-extfile", "extensions", "-out", "ours.pem",
                folder=self.folder)
        chain = self.folder / "chain.pem"
        chain.write_text((self.folder / "root.pem").read_text())
        self.assertEqual(weir(gateway, "ca", "install", chain, check=False).returncode, 3)
        chain.write_text((self.folder / "ours.pem").read_text() +
                         (self.folder / "root.pem").read_text())
        weir(gateway, "ca", "install", chain)
        weir(gateway, "ca", "rotate", "--activate")
        self.activated(gateway)
        root = self.folder / "root.pem"
        self.assertEqual(wait_until(lambda: self.get(gateway, root), "the company's"), "hello")
        leaf, *sent = self.issuer(gateway)
        self.assertEqual(len(sent), 1, "the intermediate, and not the root")
        (self.folder / "leaf.pem").write_text(leaf)
        (self.folder / "sent.pem").write_text("".join(sent))
        self.assertIn("leaf.pem: OK", openssl("verify", "-x509_strict", "-CAfile", "root.pem",
                                              "-untrusted", "sent.pem", "leaf.pem",
                                              folder=self.folder))
        # Clients trust the root.
        self.assertIn(root.read_text(), weir(gateway, "ca", "export").stdout)
        self.assertIn("Example Root", weir(gateway, "ca").stdout)


class Backup(Scenario):
    """Made while traffic runs, restored elsewhere, served from there."""

    def test_backup_while_traffic_runs_and_restore_elsewhere(self):
        origin = RawOrigin(lambda connection, head: respond(connection, b"hello"),
                           self.pki.issue("origin.test"))
        self.addCleanup(origin.close)
        gateway = self.gateway(hosts=("origin.test",), ports=(origin.port,))
        url = f"https://origin.test:{origin.port}"
        curl(gateway, f"{url}/before")
        weir(gateway, "block", "bad.test")
        wait_until(lambda: "/before" in weir(gateway, "history", "host", "origin.test",
                                             check=False).stdout, "the row")
        secret = self.folder / "passphrase"
        secret.write_text("correct horse battery\n")
        done = threading.Event()

        def load():
            while not done.is_set():
                curl(gateway, f"{url}/[1-20]", check=False)
        thread = threading.Thread(target=load)
        thread.start()
        backup = self.folder / "backup.tar"
        try:
            said = weir(gateway, "backup", backup, "--passphrase-file", secret).stdout
        finally:
            done.set()
            thread.join()
        self.assertIn("keys sealed", said)
        key = (gateway.state / "ca.key").read_bytes()
        self.assertNotIn(key.splitlines()[1], backup.read_bytes())

        # Not over a gateway that runs, and not over its state.
        words = ("restore", backup, "--passphrase-file", secret)
        refused = weir(gateway, *words, check=False)
        self.assertEqual(refused.returncode, 3)
        self.assertIn("a gateway runs", refused.stderr)
        gateway.stop()
        refused = weir(gateway, *words, check=False)
        self.assertEqual(refused.returncode, 3)
        self.assertIn("is not empty", refused.stderr)

        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        said = weir(gateway, *words, "--state", elsewhere / "state", "--settings",
                    elsewhere / "settings").stdout
        self.assertIn("state/ca.key", said)
        self.assertEqual((elsewhere / "settings/weir.yaml").read_text(),
                         gateway.config.read_text())
        ca = self.folder / "the-ca.pem"
        shutil.copy(gateway.ca, ca)
        shutil.rmtree(gateway.state)
        (elsewhere / "state").rename(gateway.state)
        gateway.start()
        body = subprocess.run(["curl", "-sS", "--proxy", f"http://{gateway.proxy}", "--cacert", ca,
                               f"{url}/after"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(body, "hello")
        self.assertIn("/before", weir(gateway, "history", "host", "origin.test").stdout)
        self.assertIn("bad.test", weir(gateway, "listed").stdout)

    def test_without_keys_and_with_a_wrong_passphrase(self):
        gateway = self.gateway()
        gateway.stop()
        backup = self.folder / "backup.tar"
        said = weir(gateway, "backup", backup, "--without-keys").stdout
        self.assertIn("left out: ca.key", said)
        self.assertEqual(weir(gateway, "backup", backup, "--without-keys", check=False).returncode, 3)
        sealed = self.folder / "sealed.tar"
        weir(gateway, "backup", sealed, input="one passphrase\n")
        wrong = weir(gateway, "restore", sealed, "--state", self.folder / "back", check=False,
                     input="another passphrase\n")
        self.assertEqual(wrong.returncode, 3)
        self.assertIn("another passphrase, or the backup was changed", wrong.stderr)
        self.assertFalse((self.folder / "back").exists())


class Metrics(Scenario):
    """What conf/grafana and conf/prometheus name exists, and Prometheus itself scrapes it."""

    def running(self):
        origin = RawOrigin(lambda connection, head: respond(connection, b"hello"),
                           self.pki.issue("origin.test"))
        self.addCleanup(origin.close)
        gateway = self.gateway(hosts=("origin.test",), ports=(origin.port,))
        curl(gateway, f"https://origin.test:{origin.port}/")
        return gateway

    def scrape(self, gateway):
        return curl(gateway, f"http://{gateway.admin}/metrics", proxy=False).stdout

    # Only where a feed, an outlet or a bad certificate is, which this gateway has not.
    WHERE_USED = {"weir_feed_age_seconds", "weir_notices_waiting", "weir_notices_given_up_total",
                  "weir_origin_certificate_errors_total"}

    def named(self, text):
        names = set(re.findall(r"\b(?:weir|process)_[a-z0-9_]+", text))
        return {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}

    def test_what_dashboard_alerts_and_docs_name_exists(self):
        gateway = self.running()
        found = set(re.findall(r"^# TYPE (\S+)", self.scrape(gateway), re.M))
        dashboard = json.loads((SOURCE / "conf/grafana/weir.json").read_text())
        panels = " ".join(target["expr"] for panel in dashboard["panels"]
                          for target in panel["targets"])
        alerts = (SOURCE / "conf/prometheus/alerts.yaml").read_text()
        for text in (panels, alerts):
            self.assertGreater(len(self.named(text)), 15)
            self.assertEqual(self.named(text) - found - self.WHERE_USED, set())
        sources = "".join(path.read_text() for folder in ("proxy", "inspect", "sandbox_client")
                          for path in (SOURCE / folder).rglob("*.cc"))
        for name in self.WHERE_USED:
            self.assertIn(f'"{name}"', sources)
        # Every metric is in the table of the documentation.
        documented = self.named((SOURCE / "docs/operations.md").read_text())
        self.assertEqual(found - documented, set())

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool_finds_nothing(self):
        gateway = self.running()
        checked = subprocess.run(["promtool", "check", "metrics"], input=self.scrape(gateway),
                                 capture_output=True, text=True)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))
        folder = SOURCE / "conf/prometheus"
        for words in (("check", "rules", "alerts.yaml"), ("test", "rules", "alerts_test.yaml")):
            done = subprocess.run(["promtool", *words], cwd=folder, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @unittest.skipUnless(shutil.which("prometheus"), "prometheus is not installed")
    def test_prometheus_scrapes_it(self):
        gateway = self.running()
        port = free_port()
        config = self.folder / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            f"rule_files: ['{(SOURCE / 'conf/prometheus/alerts.yaml').resolve()}']\n"
            "scrape_configs:\n  - job_name: weir\n"
            f"    static_configs: [{{targets: ['{gateway.admin}']}}]\n")
        log = open(self.folder / "prometheus.log", "wb")
        self.addCleanup(log.close)
        process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.folder}/tsdb",
             f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

        def ask(what):
            got = subprocess.run(["curl", "-sf", "--noproxy", "*", "--data-urlencode",
                                  f"query={what}", f"http://127.0.0.1:{port}/api/v1/query"],
                                 capture_output=True, text=True).stdout
            return json.loads(got)["data"]["result"] if got else []
        self.assertEqual(wait_until(lambda: ask("up{job='weir'}"), "a scrape")[0]["value"][1], "1")
        counted = wait_until(lambda: ask("sum(weir_transactions_total{action='allow'}) > 0"),
                             "the transaction")
        self.assertGreaterEqual(float(counted[0]["value"][1]), 1)
        self.assertTrue(ask("histogram_quantile(0.95, sum by (le) (weir_transaction_seconds_bucket))"))
        self.assertTrue(ask("process_resident_memory_bytes > 1e6"))
        rules = subprocess.run(["curl", "-sf", "--noproxy", "*",
                                f"http://127.0.0.1:{port}/api/v1/rules"],
                               capture_output=True, text=True).stdout
        loaded = json.loads(rules)["data"]["groups"][0]["rules"]
        self.assertEqual({rule["lastError"] for rule in loaded if "lastError" in rule} - {""}, set())


if __name__ == "__main__":
    main()
