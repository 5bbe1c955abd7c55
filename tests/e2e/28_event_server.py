"""Events for a syslog server that is killed and comes back: nothing is lost, traffic never waits."""

import re
import socket
import subprocess
import sys

from weir_e2e import RawOrigin, Scenario, curl, main, respond, wait_until

# One message after another, by octet counting (RFC 6587), as lines of a file.
COLLECTOR = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
with open(sys.argv[2], "ab", buffering=0) as out:
    while True:
        stream = server.accept()[0].makefile("rb")
        while True:
            size = b""
            while (byte := stream.read(1)) and byte != b" ":
                size += byte
            if not byte:
                break
            message = stream.read(int(size))
            if len(message) < int(size):
                break
            out.write(message + b"\\n")
"""


class EventServer(Scenario):
    def setUp(self):
        super().setUp()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.syslog = free.getsockname()[1]
        origin = RawOrigin(lambda connection, head: respond(connection, b"some text here"),
                           self.pki.issue("files.test"))
        self.addCleanup(origin.close)
        self.port = origin.port
        self.gw = self.gateway(hosts=["files.test"], ports=[origin.port], settings=(
            f"events: {{output: syslog, syslog: 'tcp://127.0.0.1:{self.syslog}?format=cef'}}\n"))
        self.file = self.gw.state / "collected"
        self.file.touch()

    def collector(self):
        process = subprocess.Popen([sys.executable, "-c", COLLECTOR, str(self.syslog), self.file],
                                   stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def get(self, first, last):
        for i in range(first, last):
            curl(self.gw, "-o", "/dev/null", f"https://files.test:{self.port}/{i}.txt")

    def collected(self):
        return {int(n) for n in re.findall(r"request=\S*/(\d+)\.txt", self.file.read_text())}

    def test_a_server_that_is_killed_and_comes_back(self):
        first = self.collector()
        self.get(0, 10)
        wait_until(lambda: self.collected() == set(range(10)), "the first events")
        first.kill()
        first.wait()
        self.get(10, 30)  # nobody listens; nothing waits
        second = self.collector()
        wait_until(lambda: self.collected() == set(range(30)), "what waited on disk")
        second.kill()
        second.wait()
        self.get(30, 35)
        self.gw.stop()
        self.gw.start()
        self.collector()
        wait_until(lambda: self.collected() == set(range(35)), "what waited over a restart")
        for line in self.file.read_text().splitlines():
            self.assertRegex(line, r"^<134>1 \S+ \S+ weir - event - CEF:0\|weir\|weir\|")


if __name__ == "__main__":
    main()
