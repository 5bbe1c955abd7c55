"""Day two: weir doctor on healthy and on broken installations."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import unittest

from weir_e2e import BIN, SOURCE, Gateway, RawOrigin, Scenario, curl, main, respond, wait_until


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


if __name__ == "__main__":
    main()
