"""The JSON API on the admin listener: who may ask, what is answered, what an operator changes. Each
answer is put to the schema of docs/api/openapi.yaml, and the tour of docs/api.md is run."""

import hashlib
import http.client
import json
import os
import re
import socket
import subprocess
import threading

import jsonschema
import yaml

from weir_e2e import BIN, DEFAULT_POLICY, EICAR, SOURCE, RawOrigin, Scenario, curl, main, respond, wait_until

DOCUMENT = yaml.safe_load((SOURCE / "docs/api/openapi.yaml").read_text())
RESOLVER = jsonschema.RefResolver("", DOCUMENT)
ROOT = "/api/v1"
POLICY = DEFAULT_POLICY.replace(
    "request:\n", "request:\n  - {name: listed, when: {reputation: any}, action: block}\n")


def resolved(node):
    while "$ref" in node:
        node = RESOLVER.resolve(node["$ref"])[1]
    return node


def operation(method, path):
    """What the document says of a request; None when it has no such path."""
    method = {"HEAD": "get"}.get(method, method.lower())
    for pattern, operations in DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", pattern), path) and method in operations:
            return operations[method]
    return None


def check_answer(method, path, answer):
    """The answer is one that the document knows."""
    found = operation(method, path)
    responses = found["responses"] if found else {"default": {"$ref": "#/components/responses/Problem"}}
    response = resolved(responses.get(str(answer.status), responses["default"]))
    media = answer.headers["content-type"]
    assert media in response["content"], (media, answer.status, answer.body)
    if media.endswith("json") and method != "HEAD":
        schema = response["content"][media]["schema"]
        jsonschema.Draft202012Validator(schema, resolver=RESOLVER).validate(answer.json)
        if answer.status >= 400:
            assert answer.json["status"] == answer.status


class Answer:
    def __init__(self, response):
        self.status, self.body = response.status, response.read().decode()
        self.headers = {name.lower(): value for name, value in response.getheaders()}

    @property
    def json(self):
        return json.loads(self.body)


class Api(Scenario):
    def setUp(self):
        super().setUp()
        self.tokens = {}
        self.files = {"/a.bin": b"one file\0" * 50, "/eicar.com": EICAR}

        def serve(connection, head):
            path = head.split()[1].decode()
            respond(connection, self.files.get(path, b"page"), content_type="application/octet-stream")
        self.origin = RawOrigin(serve, self.pki.issue("files.test"))
        self.addCleanup(self.origin.close)
        for name, role in (("alice", "operator"), ("bob", "reader")):
            self.tokens[name] = self.token(name, role)

    def token(self, name, role):
        made = subprocess.run([BIN / "weir", "api", "token", name, "--role", role],
                              capture_output=True, text=True, check=True)
        with open(self.folder / "tokens.yaml", "a") as file:
            file.write(made.stdout)
        return made.stderr.strip()

    def start(self, more="", settings="", feeds="feeds: []\n"):
        (self.folder / "feeds.yaml").write_text("version: 1\n" + feeds)
        self.gw = self.gateway(hosts=("files.test",), ports=[self.origin.port], feeds_file="feeds.yaml",
                               policy=POLICY,
                               settings=f"api:\n  tokens_file: tokens.yaml\n{more}{settings}")

    def ask(self, method, path, who="bob", body=None, headers=(), token=None, host=None):
        """One request on a connection of its own; the answer is checked against the document."""
        address, port = self.gw.admin.split(":")
        connection = http.client.HTTPConnection(address, int(port), timeout=60)
        sent = {"Host": host or self.gw.admin}
        token = token or self.tokens.get(who)
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if isinstance(body, dict):
            body, sent["Content-Type"] = json.dumps(body), "application/json"
        sent.update(headers)
        connection.request(method, ROOT + path, body, sent)
        answer = Answer(connection.getresponse())
        connection.close()
        if answer.status != 421:
            check_answer(method, path.split("?")[0], answer)
        return answer

    def good(self, path, **options):
        answer = self.ask("GET", path, **options)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json

    def detail(self, status, method, path, *arguments, **options):
        answer = self.ask(method, path, *arguments, **options)
        self.assertEqual(answer.status, status, answer.body)
        return answer.json["detail"]

    def get(self, path):
        return curl(self.gw, "-o", "/dev/null", "-w", "%{http_code}",
                    f"https://files.test:{self.origin.port}{path}", check=False).stdout

    def audited(self):
        log = self.gw.state / "audit.jsonl"
        lines = log.read_text().splitlines() if log.exists() else []
        return [one for one in map(json.loads, lines) if one["actor"].startswith("api:")]

    def metric(self, name):
        text = curl(self.gw, f"http://{self.gw.admin}/metrics", proxy=False).stdout
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)
        return float(found.group(1)) if found else 0

    def test_who_may_ask(self):
        self.start("  failures_per_minute: 3\n")
        answer = self.ask("GET", "/status", who=None)
        self.assertEqual((answer.status, answer.headers["www-authenticate"]), (401, 'Bearer realm="weir"'))
        for wrong in ("Basic YWxpY2U6eA==", "Bearer", "Bearer ", self.tokens["bob"],
                      f"bearer  {self.tokens['bob']}x"):
            answer = self.ask("GET", "/status", who=None, headers={"Authorization": wrong})
            self.assertEqual(answer.status, 401, wrong)
        self.assertIn("invalid_token", answer.headers["www-authenticate"])
        self.assertEqual(self.ask("GET", "/nothing", who=None).status, 401)  # tells strangers nothing
        self.assertIn("api.tokens_file", self.detail(401, "GET", "/status", token="weir_" + "0" * 64))
        self.assertEqual(self.ask("GET", "/status", token="y").status, 401)
        answer = self.ask("GET", "/status", token="z")
        self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "60"))
        self.assertEqual(self.good("/status")["token"], {"name": "bob", "role": "reader"})
        self.assertGreaterEqual(self.metric('weir_api_refused_total{why="wrong_token"}'), 3)
        self.assertEqual(self.metric('weir_api_refused_total{why="too_many_wrong_tokens"}'), 1)

        # What a reader may not do; nothing of it happened.
        zero = "0" * 64
        for method, path, body in (("POST", "/lists", {"indicator": "a.test", "action": "block"}),
                                   ("DELETE", "/lists?indicator=a.test", None),
                                   ("POST", f"/quarantine/{zero}/release", None),
                                   ("POST", f"/quarantine/{zero}/delete", None),
                                   ("POST", "/feeds/bad/refresh", None)):
            self.assertIn("role operator", self.detail(403, method, path, body=body))
        self.assertEqual((self.audited(), self.good("/lists")["entries"]), ([], []))

        # Tokens come and go with a reload; a file with a mistake changes nothing.
        tokens = self.folder / "tokens.yaml"
        lines = tokens.read_text().splitlines(True)
        tokens.write_text(lines[0] + "- {name: eve, role: admin}\n")
        self.gw.reload()
        wait_until(lambda: "tokens.yaml:2:" in self.gw.log_file_text(), "the mistake")
        self.good("/status")
        tokens.write_text(lines[0])
        self.gw.reload()
        wait_until(lambda: self.ask("GET", "/status").status in (401, 429), "bob to be gone")
        self.good("/status", who="alice")
        self.assertNotIn(self.tokens["alice"], self.gw.log_file_text())

    def test_strict_requests(self):
        self.start("  max_body_bytes: 2KiB\n")
        own = f"http://{self.gw.admin}"
        self.assertEqual(self.ask("GET", "/status", headers={"Origin": own}).status, 200)
        for headers in ({"Origin": "http://evil.test"}, {"Origin": "null"}, {"Origin": own + "0"},
                        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
            self.assertIn("other sites", self.detail(403, "GET", "/status", headers=headers))
        self.assertEqual(self.ask("GET", "/status", host="rebound.test").status, 421)
        self.assertEqual(self.ask("GET", "/status", host="localhost").status, 200)
        answer = self.ask("HEAD", "/status")
        self.assertEqual((answer.status, answer.body), (200, ""))
        for name, value in (("content-type", "application/json"), ("cache-control", "no-store"),
                            ("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"),
                            ("cross-origin-resource-policy", "same-origin")):
            self.assertEqual(answer.headers[name], value)
        self.assertNotIn("access-control-allow-origin", answer.headers)
        answer = self.ask("PUT", "/lists", body={"a": "b"})
        self.assertEqual((answer.status, answer.headers["allow"]), (405, "GET, HEAD, POST, DELETE"))
        self.assertEqual(self.ask("GET", "/none").status, 404)
        self.assertEqual(self.ask("GET", "/status/../status").status, 404)
        asked = {"url": "https://files.test/"}
        self.assertIn("application/json", self.detail(415, "POST", "/policy/explain", body="{}"))
        self.assertEqual(self.ask("POST", "/policy/explain", body=json.dumps(asked),
                                  headers={"Content-Type": "text/plain"}).status, 415)
        self.assertEqual(self.ask("POST", "/policy/explain", body=json.dumps(asked), headers={
            "Content-Type": "application/json; charset=utf-8"}).status, 200)
        self.assertIn("max_body_bytes",
                      self.detail(413, "POST", "/policy/explain", body={"url": "x" * 3000}))
        self.assertIn("no body", self.detail(400, "GET", "/status", body="x"))
        for body, want in (("[]", "no JSON object"), ("{", "no JSON object"), ('{"url": 1}', "'url' must be"),
                           ('{"url": "https://a.test/", "url": "https://b.test/"}', "there twice"),
                           ('{"url": "https://a.test/", "ur": "x"}', "no parameter 'ur'"),
                           ("{}", "'url' is missing"), ('{"url": "ftp://a.test/"}', "ftp"),
                           ('{"url": "https://a.test/", "client": "x"}', "client"),
                           ('{"url": "https://a.test/", "verdict": "x"}', "verdict")):
            self.assertIn(want, self.detail(400, "POST", "/policy/explain", body=body,
                                            headers={"Content-Type": "application/json"}), body)
        for query, want in (("?x=1", "no parameter 'x'"), ("?limit=0", "'limit'"), ("?limit=1&limit=2", "twice"),
                            ("?since=soon", "'since'"), ("?hash=xyz", "'hash'"), ("?client=a.b", "'client'"),
                            ("?cursor=x", "'cursor'"), ("?host=", "'host' is empty"), ("?user=%ff", "UTF-8"),
                            ("?limit=1001", "1 to 1000")):
            self.assertIn(want, self.detail(400, "GET", "/history" + query), query)
        self.assertIn("whose timeline", self.detail(400, "GET", "/timeline"))
        self.assertIn("26", self.detail(400, "GET", "/history/xyz"))
        self.assertEqual(self.ask("GET", "/history/01J00000000000000000000000").status, 404)
        self.assertIn("'value' is missing", self.detail(400, "GET", "/reputation"))
        text = self.ask("GET", "/openapi.yaml").body
        self.assertEqual(yaml.safe_load(text), DOCUMENT)
        for schema in DOCUMENT["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)

    def test_history(self):
        self.start(settings="links:\n  intelligence: 'https://intel.test/{hash}'\n")
        for path in ("/1", "/2", "/a.bin", "/3"):
            self.assertEqual(self.get(path), "200")
        pages = f"url=files.test:{self.origin.port}/"
        wait_until(lambda: len(self.good(f"/history?{pages}")["rows"]) == 4, "the rows")
        rows = self.good("/history?client=127.0.0.1&since=1h")["rows"]
        self.assertEqual([r["time"] for r in rows], sorted((r["time"] for r in rows), reverse=True))
        paged, cursor = [], ""
        while True:
            page = self.good(f"/history?{pages}&limit=2{cursor}")
            self.assertEqual(len(page["rows"]), 2)
            paged += page["rows"]
            if "next" not in page:
                break
            cursor = f"&cursor={page['next']}"
        self.assertEqual([r["event"] for r in paged], [r["event"] for r in self.good(f"/history?{pages}")["rows"]])
        digest = hashlib.sha256(self.files["/a.bin"]).hexdigest()
        row, = self.good(f"/history?hash={digest.upper()}&host=FILES.test&verdict=clean&action=allow")["rows"]
        self.assertEqual(row["links"]["intelligence"], f"https://intel.test/{digest}")
        self.assertEqual(self.good(f"/history/{row['event']}"), row)
        for query, count in (("url=/a.b", 1), ("file=a.bin", 1), ("user=nobody", 0), ("action=block", 0),
                             ("domain=files.test&url=/a.b", 1), ("until=2020-01-01", 0)):
            self.assertEqual(len(self.good(f"/history?{query}")["rows"]), count, query)
        around = [r.get("url", "")[-2:] for r in self.good(f"/timeline?event={row['event']}")["rows"]]
        self.assertEqual([u for u in around if u in ("/1", "/2", "/3")], ["/1", "/2", "/3"])
        self.assertTrue(self.good("/timeline?client=127.0.0.1&around=now&minutes=1")["rows"])
        self.assertEqual(self.good("/timeline?user=eve&around=now")["rows"], [])
        self.assertGreaterEqual(self.good("/status")["history"]["rows_written"], 4)

    def test_lists_are_in_force_and_audited(self):
        self.start()
        self.assertEqual(self.get("/1"), "200")
        put = {"indicator": "Files.test", "action": "block", "for": "1h", "why": "ticket 7"}
        answer = self.ask("POST", "/lists", "alice", put)
        self.assertEqual((answer.status, answer.json["value"]), (200, "files.test"))
        wait_until(lambda: self.get("/1") == "403", "the block")
        found = self.good("/reputation?value=www.files.test")
        self.assertEqual((found["listed"], found["hits"][0]["source"]), (True, "local"))
        self.assertEqual(self.good("/lists")["entries"][0]["why"], "ticket 7")
        explained = self.ask("POST", "/policy/explain", body={"url": "https://files.test/"}).json
        self.assertEqual(explained["action"], "block")
        self.assertEqual(self.ask("DELETE", "/lists?indicator=files.test", "alice").status, 200)
        wait_until(lambda: self.get("/1") == "200", "the block to go")
        self.assertFalse(self.good("/reputation?value=files.test")["listed"])
        self.assertEqual(self.ask("DELETE", "/lists?indicator=files.test", "alice").status, 404)
        for wrong in ({"indicator": "two words", "action": "block"}, {"indicator": "a.test", "action": "x"},
                      {"indicator": "a.test"}, {"action": "block"},
                      {"indicator": "a.test", "action": "block", "for": "ever"}):
            self.assertEqual(self.ask("POST", "/lists", "alice", wrong).status, 400, wrong)
        self.assertEqual([(a["actor"], a["act"], a["done"]) for a in self.audited()],
                         [("api:alice", "block", True), ("api:alice", "unlist", True),
                          ("api:alice", "unlist", False)])
        self.assertIn("domain files.test until ", self.audited()[0]["detail"])

        # Several at once, and the command line beside them: nothing is lost.
        def put_one(i):
            self.assertEqual(self.ask("POST", "/lists", "alice",
                                      {"indicator": f"h{i}.test", "action": "allow"}).status, 200)
        threads = [threading.Thread(target=put_one, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        subprocess.run([BIN / "weir", "block", "cli.test", "--config", self.gw.config], check=True,
                       capture_output=True)
        for thread in threads:
            thread.join()
        page = self.good("/lists?limit=5")
        more = self.good(f"/lists?limit=5&cursor={page['next']}")
        self.assertEqual({e["value"] for e in page["entries"] + more["entries"]},
                         {"cli.test", *(f"h{i}.test" for i in range(8))})

    def test_quarantine(self):
        self.start()
        self.assertEqual(self.get("/eicar.com"), "403")
        kept = wait_until(lambda: self.good("/quarantine?state=blocked")["files"], "the file")
        digest = hashlib.sha256(EICAR).hexdigest()
        self.assertEqual(kept[0]["sha256"], digest)
        self.assertEqual(self.good(f"/quarantine/{digest}"), kept[0])
        self.assertEqual(self.good("/quarantine?state=held")["files"], [])
        self.assertEqual(self.good("/quarantine?limit=1")["next"], digest)
        self.assertEqual(self.good(f"/quarantine?limit=1&cursor={digest}")["files"], [])
        answer = self.ask("POST", f"/quarantine/{digest}/release", "alice")
        self.assertEqual((answer.status, answer.json["act"]), (200, "release"))
        self.assertEqual(self.good(f"/quarantine/{digest}")["state"], "released")
        self.assertEqual(self.ask("POST", f"/quarantine/{digest}/delete", "alice").status, 200)
        self.assertEqual(self.ask("GET", f"/quarantine/{digest}").status, 404)
        self.assertEqual(self.ask("POST", f"/quarantine/{digest}/delete", "alice").status, 404)
        self.assertEqual(self.ask("POST", "/quarantine/x/delete", "alice").status, 400)
        self.assertEqual(self.ask("GET", "/quarantine?state=gone").status, 400)
        self.assertEqual([(a["act"], a["sha256"], a["done"]) for a in self.audited()],
                         [("release", digest, True), ("delete", digest, True)])

    def test_policy_and_feeds(self):
        hosts = "".join(f"bad{i}.test\n" for i in range(30))
        (self.folder / "bad.txt").write_text(hosts)
        self.start(feeds="feeds:\n  - {name: bad, file: bad.txt, format: domains, threat: malware}\n")
        feed = self.ask("POST", "/feeds/bad/refresh", "alice")
        self.assertEqual((feed.status, feed.json["state"], feed.json["indicators"]), (200, "ok", 30), feed.body)
        self.assertEqual([f["name"] for f in self.good("/feeds")["feeds"]], ["bad"])
        self.assertTrue(self.good("/reputation?value=bad7.test")["listed"])
        for name in ("none", "--all", "..%2Fx", "a%20b"):
            self.assertEqual(self.ask("POST", f"/feeds/{name}/refresh", "alice").status, 404, name)
        self.assertEqual({a["act"] for a in self.audited()}, {"refresh"})

        def check(text):
            answer = self.ask("POST", "/policy/check", "alice", text, {"Content-Type": "application/yaml"})
            self.assertEqual(answer.status, 200)
            return answer.json
        found = check(self.gw.policy_file.read_text())
        self.assertEqual((found["good"], found["version"]), (True, self.good("/status")["policy"]))
        found = check("version: 1\nruls: []\n")
        self.assertFalse(found["good"])
        self.assertEqual((found["problems"][0]["line"], found["problems"][0]["column"]), (2, 1))
        # Lists elsewhere are not read, so that their lines are not told.
        for name in (str(self.gw.state / "ca.key"), "../x", "a/../../x"):
            found = check(f"version: 1\ncategories:\n  secret: ['@{name}']\n")
            self.assertIn("below the policy's folder", found["problems"][0]["message"])
        found = check("version: 1\ncategories:\n  secret: ['@tokens.yaml']\n")
        self.assertNotIn("sha256", json.dumps(found))

    def test_bounds(self):
        """More at once than it takes gets 503 at once, and the gateway goes on."""
        # A feed whose server says nothing keeps the only place busy until the time is up.
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        self.start("  requests: 1\n  threads: 1\n  timeout: 4s\n", feeds=(
            f"feeds:\n  - {{name: slow, url: 'http://127.0.0.1:{silent.getsockname()[1]}/x', "
            "format: domains, threat: malware}\n"))
        answers = []
        thread = threading.Thread(
            target=lambda: answers.append(self.ask("POST", "/feeds/slow/refresh", "alice")))
        thread.start()
        wait_until(lambda: self.metric("weir_api_running") == 1 or answers, "the request")
        busy = self.ask("GET", "/status")
        thread.join()
        self.assertEqual((answers[0].status, answers[0].headers["retry-after"]), (503, "1"))
        self.assertEqual(busy.status, 503)
        self.assertIn("api.requests", busy.json["detail"])
        wait_until(lambda: self.metric("weir_api_running") == 0, "the place to be free")
        self.good("/status")
        self.assertEqual((self.metric("weir_api_late_total"), self.metric("weir_api_full_total")), (1, 1))

    def test_without_tokens(self):
        (self.folder / "feeds.yaml").write_text("version: 1\nfeeds: []\n")
        self.gw = self.gateway(feeds_file="feeds.yaml")
        self.assertIn("api.tokens_file", self.detail(404, "GET", "/status"))
        self.gw.stop()
        (self.folder / "tokens.yaml").write_text("- {name: a, role: reader, sha256: 12}\n")
        with open(self.gw.config, "a") as config:
            config.write("api:\n  tokens_file: tokens.yaml\n")
        ran = subprocess.run([BIN / "weir", "run", "--config", self.gw.config], capture_output=True, text=True)
        self.assertEqual(ran.returncode, 3)
        self.assertIn("tokens.yaml:1:", ran.stderr)
        subprocess.run([BIN / "weir", "api", "token", "a b"], capture_output=True, check=False)
        self.assertEqual(subprocess.run([BIN / "weir", "api", "token", "a b"], capture_output=True).returncode, 2)

    def test_the_tour(self):
        """Each command of docs/api.md, in its order, in one shell."""
        blocks = re.findall(r"```sh\n(.*?)```", (SOURCE / "docs/api.md").read_text(), re.S)
        self.assertGreaterEqual(len(blocks), 5)
        self.start()
        first, rest = blocks[0], "".join(blocks[1:])
        environment = {**os.environ, "PATH": f"{BIN.resolve()}:{os.environ['PATH']}",
                       "API": f"http://{self.gw.admin}{ROOT}"}
        (self.folder / "tokens.yaml").unlink()
        # The gateway reads the tokens of the first block before the rest is asked.
        script = (f"set -eu\n{first}kill -HUP {self.gw.process.pid}\n"
                  'until curl -fsS -o /dev/null -H "Authorization: Bearer $READER" "$API/status"; do :; done\n'
                  f"{rest.replace('curl -sS', 'curl -fsS')}")
        ran = subprocess.run(["bash", "-c", script], cwd=self.folder, env=environment, capture_output=True,
                             text=True, timeout=120)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertEqual(yaml.safe_load((self.folder / "openapi.yaml").read_text()), DOCUMENT)
        self.assertIn('"ready":true', ran.stdout)
        self.assertEqual([(a["actor"], a["act"]) for a in self.audited()],
                         [("api:alice", "block"), ("api:alice", "unlist")])


if __name__ == "__main__":
    main()
