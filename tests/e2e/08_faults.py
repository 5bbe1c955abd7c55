"""Workers killed at random under load: no bad file passes, no clean one is corrupted."""

import os
import pathlib
import random
import signal
import subprocess
import threading
import time

from weir_e2e import EICAR, RawOrigin, Scenario, curl, main, respond, wait_until


def children_of(pid):
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = pathlib.Path(f"/proc/{entry}/stat").read_text()
            name, parent = stat[stat.index("(") + 1:stat.rindex(")")], int(stat[stat.rindex(")") + 2:].split()[1])
        except (OSError, ValueError):
            continue
        if parent == pid:
            found.append((int(entry), name))
            found += children_of(int(entry))
    return found


class Faults(Scenario):
    def setUp(self):
        super().setUp()
        self.origin = RawOrigin(self.answer, self.pki.issue("files.test"))
        self.addCleanup(self.origin.close)
        self.gw = self.gateway(hosts=["files.test"], ports=[self.origin.port])
        self.base = f"https://files.test:{self.origin.port}"

    def answer(self, connection, head):
        kind, number = head.split(b" ")[1].decode().strip("/").split("/")
        body = (number * 20000).encode()  # distinct, so that no verdict is remembered
        respond(connection, EICAR + body if kind == "bad" else body,
                content_type="application/octet-stream")

    def test_workers_die_and_nothing_bad_passes(self):
        (self.gw.folder / "rules/any.yar").write_text(
            'rule carries_eicar { strings: $a = "EICAR-STANDARD" condition: $a }')
        self.gw.reload()
        wait_until(lambda: curl(self.gw, "-o", "/dev/null", "-w", "%{http_code}",
                                f"{self.base}/bad/0").stdout == "403", "the rule")
        stop = threading.Event()
        killed = []

        def killer():
            chooser = random.Random(7)
            while not stop.wait(0.25):
                workers = [pid for pid, name in children_of(self.gw.process.pid)
                           if name.startswith("weir-scan")]
                if workers:
                    victim = chooser.choice(workers)
                    try:
                        os.kill(victim, signal.SIGKILL)
                        killed.append(victim)
                    except ProcessLookupError:
                        pass
        threading.Thread(target=killer, daemon=True).start()
        wrong, delivered, lock = [], [], threading.Lock()

        # The load goes on until enough workers have died under it, however fast the machine is.
        enough, give_up = 8, time.monotonic() + 120

        def load(first):
            number = first
            while len(killed) < enough and time.monotonic() < give_up:
                number += 1
                for kind in ("bad", "good"):
                    got = curl(self.gw, "-w", "%{http_code}", f"{self.base}/{kind}/{number}",
                               check=False)
                    body, code = got.stdout[:-3], got.stdout[-3:]
                    with lock:
                        if kind == "bad" and (code == "200" or "EICAR-STANDARD" in body):
                            wrong.append((kind, number, code))
                        if kind == "good" and code == "200":
                            delivered.append(number)
                            if body != str(number) * 20000:
                                wrong.append((kind, number, len(body)))
        threads = [threading.Thread(target=load, args=(1000 * i,)) for i in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stop.set()
        self.assertEqual(wrong, [])
        self.assertGreaterEqual(len(killed), enough)
        wait_until(lambda: curl(self.gw, "-o", "/dev/null", "-w", "%{http_code}",
                                f"{self.base}/good/{random.randrange(10**9)}").stdout == "200",
                   "the gateway to be whole again", 60)
        self.assertIsNone(self.gw.process.poll())


if __name__ == "__main__":
    main()
