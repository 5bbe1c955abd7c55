#include "sandbox_client/detonate/signature.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "core/digest.h"
#include "sandbox_client/detonate/fake_home.h"

namespace weir {
namespace {

using Change = std::function<void(SandboxReport&)>;

Change process(std::vector<std::string> argv) {
  return [=](SandboxReport& report) { report.processes.push_back({2, 1, argv, 0}); };
}
Change file(FileDeed how, const std::string& path, int times = 1) {
  return [=](SandboxReport& report) {
    for (int at = 0; at < times; ++at) {
      report.files.push_back(
          {expand_home(path) + (at ? std::to_string(at) : ""), how, false, "", 1});
    }
  };
}
Change written(const std::string& path) { return file(FileDeed::written, path); }
Change read_file(const std::string& path) { return file(FileDeed::read, path); }
Change tcp(int port, const std::string& said = "") {
  return [=](SandboxReport& report) {
    report.network.push_back({"tcp", "", "203.0.113.5", port, hex(as_bytes(said))});
  };
}
Change names(int count) {
  return [=](SandboxReport& report) {
    for (int at = 0; at < count; ++at) {
      report.network.push_back({"dns", "n" + std::to_string(at) + ".example", "", 53, ""});
    }
  };
}
Change act(const std::string& what, std::uint64_t count = 1, const std::string& detail = "") {
  return [=](SandboxReport& report) { report.acts.push_back({what, detail, count}); };
}
Change denied(const std::string& call) { return act("denied-call", 1, call); }
Change both(const Change& one, const Change& other) {
  return [=](SandboxReport& report) { one(report), other(report); };
}

SandboxReport report_of(const Change& change) {
  SandboxReport report;
  report.outcome = DetonationOutcome::finished;
  change(report);
  return report;
}

std::vector<std::string> hits(const Signatures& signatures, const Change& change) {
  SandboxReport report = report_of(change);
  signatures.judge(report);
  std::vector<std::string> found;
  for (const SignatureHit& one : report.signatures) found.push_back(one.name);
  return found;
}

std::optional<Signatures> read(const std::string& yaml, std::vector<Diagnostic>& found) {
  Problems problems("signatures.yaml", found);
  const auto root = parse_yaml(yaml, problems);
  return root ? Signatures::read(*root, problems) : std::nullopt;
}

Signatures shipped() {
  std::vector<Diagnostic> found;
  Problems problems("signatures.yaml", found);
  const auto root = load_yaml(WEIR_SOURCE_DIR "/conf/sandbox/signatures.yaml", problems);
  auto signatures = root ? Signatures::read(*root, problems) : std::nullopt;
  for (const Diagnostic& one : found) ADD_FAILURE() << one.text();
  return signatures.value_or(Signatures());
}

struct Pair {
  Change hit, miss;
};

// For each shipped signature a behaviour that it means, and a near one that it does not.
const std::map<std::string, Pair>& pairs() {
  static const std::map<std::string, Pair> all{
      {"shell-on-socket", {act("shell-on-socket"), process({"bash", "-i"})}},
      {"orders-from-afar", {tcp(443, "uid=1000(alex)"), tcp(443, "GET /uid=1 HTTP/1.1")}},
      {"changes-shell-start", {written("~/.bashrc"), read_file("~/.bashrc")}},
      {"installs-cron-job", {written("/etc/cron.d/x"), written("~/cron.d/x")}},
      {"installs-service", {written("~/.config/systemd/user/a.service"), written("~/a.service")}},
      {"starts-with-desktop", {written("~/.config/autostart/a.desktop"), written("~/a.desktop")}},
      {"plants-ssh-key", {written("~/.ssh/authorized_keys"), written("~/.ssh/known_hosts")}},
      {"hooks-the-loader", {written("/etc/ld.so.preload"), written("/tmp/ld.so.preload")}},
      {"changes-accounts", {written("/etc/passwd"), written("/tmp/etc/passwd")}},
      {"reads-password-file", {read_file("/etc/shadow"), read_file("/etc/passwd")}},
      {"looks-up-passwords",
       {both(read_file("/etc/shadow"), process({"/usr/bin/perl", "-w", "frontend"})),
        read_file("/etc/shadow")}},
      {"reads-private-keys", {read_file("~/.ssh/id_ed25519"), written("~/.ssh/id_ed25519")}},
      {"reads-browser-secrets",
       {read_file("~/.mozilla/firefox/ab.default/logins.json"),
        read_file("~/.mozilla/firefox/profiles.ini")}},
      {"sends-secrets",
       {both(read_file("~/.netrc"), tcp(443)), both(read_file("~/.netrc"), names(1))}},
      {"destroys-documents", {act("documents-changed", 30), act("documents-changed", 2)}},
      {"renames-many-files",
       {file(FileDeed::renamed, "~/a", 21), file(FileDeed::renamed, "~/a", 20)}},
      {"runs-what-it-fetched", {both(act("ran-dropped"), tcp(80)), act("ran-dropped")}},
      {"pipes-download-to-shell",
       {both(process({"curl", "-s", "http://a.example"}), process({"sh"})),
        both(process({"curl", "-s", "http://a.example"}), process({"sh", "install.sh"}))}},
      {"deletes-itself", {act("self-delete"), file(FileDeed::deleted, "/tmp/x")}},
      {"runs-from-memory", {act("memfd-exec"), act("memfd")}},
      {"waits-long", {act("slept-seconds", 300), act("slept-seconds", 5)}},
      {"looks-for-debugger", {act("debugger-check"), denied("keyctl")}},
      {"looks-for-machine", {act("vm-check"), read_file("/proc/cpuinfo")}},
      {"kills-everything", {act("signalled-all"), act("signalled-init")}},
      {"tries-kernel-doors", {denied("init_module"), denied("socket")}},
      {"tries-to-escape", {denied("mount"), denied("socket")}},
      {"tries-other-processes", {denied("ptrace"), act("debugger-check")}},
      {"fork-bomb", {act("many-processes", 4000), act("many-processes", 300)}},
      {"talks-to-mining-pool",
       {tcp(443, R"({"id":1,"method":"mining.subscribe"})"), tcp(443, R"({"method":"list"})")}},
      {"unusual-port", {tcp(4444), tcp(443)}},
      {"scans-ports", {act("many-ports"), tcp(443)}},
      {"asks-for-many-names", {names(31), names(30)}},
      {"computes-without-end", {act("cpu-seconds", 19), act("cpu-seconds", 3)}},
      {"hides-in-numbers", {act("many-connections", 3, "tcp"), tcp(443)}},
      {"exhausts-the-machine", {act("memory-limit"), act("cpu-seconds", 1)}},
  };
  return all;
}

TEST(ShippedSignatures, EachHoldsForItsSampleAndNotForTheNearOne) {
  const Signatures signatures = shipped();
  ASSERT_GT(signatures.all().size(), 30U);
  for (const Signature& one : signatures.all()) {
    ASSERT_TRUE(pairs().contains(one.name)) << one.name << " has no sample";
    const Pair& pair = pairs().at(one.name);
    const auto hit = hits(signatures, pair.hit);
    const auto miss = hits(signatures, pair.miss);
    EXPECT_NE(std::ranges::find(hit, one.name), hit.end()) << one.name;
    EXPECT_EQ(std::ranges::find(miss, one.name), miss.end()) << one.name;
  }
  EXPECT_EQ(signatures.all().size(), pairs().size());
}

TEST(ShippedSignatures, JudgeByTheSumThatCountsTheWorstWhole) {
  const Signatures signatures = shipped();
  const struct {
    const char* name;
    Change change;
    int score;
    DetonationVerdict verdict;
  } cases[] = {
      {"nothing", [](SandboxReport&) {}, 0, DetonationVerdict::clean},
      {"one small thing", tcp(4444), 30, DetonationVerdict::clean},
      {"one bigger thing", act("slept-seconds", 300), 40, DetonationVerdict::suspicious},
      {"two that add up", both(tcp(4444), act("slept-seconds", 300)), 55,
       DetonationVerdict::suspicious},
      {"a bad one", written("~/.ssh/authorized_keys"), 80, DetonationVerdict::malicious},
      {"never over 100", both(act("shell-on-socket"), act("documents-changed", 9)), 100,
       DetonationVerdict::malicious},
  };
  for (const auto& one : cases) {
    SandboxReport report = report_of(one.change);
    signatures.judge(report);
    EXPECT_EQ(report.score, one.score) << one.name;
    EXPECT_EQ(report.verdict, one.verdict) << one.name;
  }
}

TEST(ShippedSignatures, WhatDidNotRunIsNotClean) {
  for (const auto outcome : {DetonationOutcome::failed, DetonationOutcome::unsupported}) {
    SandboxReport report;
    report.outcome = outcome;
    shipped().judge(report);
    EXPECT_EQ(report.verdict, DetonationVerdict::unknown);
  }
}

std::string with(const std::string& when) {
  return "signatures:\n- {name: a, severity: 5, explanation: e, attack: T1, when: " + when + "}\n";
}

TEST(Signatures, ConditionsAreCombined) {
  const struct {
    const char* name;
    const char* when;
    Change change;
    bool want;
  } cases[] = {
      {"all of a map", "{act: [a], network_port: [80]}", both(act("a"), tcp(80)), true},
      {"not all of a map", "{act: [a], network_port: [80]}", act("a"), false},
      {"any of", "{any_of: [{act: [a]}, {act: [b]}]}", act("b"), true},
      {"none of any", "{any_of: [{act: [a]}, {act: [b]}]}", act("c"), false},
      {"none of", "{act: [a], none_of: [{act: [b]}]}", act("a"), true},
      {"not none of", "{act: [a], none_of: [{act: [b]}]}", both(act("a"), act("b")), false},
      {"all of a list", "{all_of: [{act: [a]}, {act: [b]}]}", both(act("a"), act("b")), true},
      {"refused renames do not count", "{renamed_over: 0}",
       [](SandboxReport& report) { report.files = {{"/a", FileDeed::renamed, true, "", 0}}; },
       false},
      {"writes in numbers", "{written_over: 2}", file(FileDeed::written, "/a", 3), true},
      {"deletions in numbers", "{deleted_over: 3}", file(FileDeed::deleted, "/a", 3), false},
      {"a deleted file", "{file_deleted: ['/var/log/**']}", file(FileDeed::deleted, "/var/log/a/b"),
       true},
      {"a name", "{dns: '^n0[.]'}", names(1), true},
      {"a name is no connection", "{network_port_not: [80]}", names(1), false},
  };
  for (const auto& one : cases) {
    std::vector<Diagnostic> found;
    const auto signatures = read(with(one.when), found);
    ASSERT_TRUE(signatures) << one.name << ": " << (found.empty() ? "" : found[0].text());
    EXPECT_EQ(!hits(*signatures, one.change).empty(), one.want) << one.name;
  }
}

TEST(Signatures, SayWhatIsWrongAndWhere) {
  const struct {
    const char* name;
    std::string yaml;
    const char* want;
  } cases[] = {
      {"no list", "signatures: 1", "expected one key"},
      {"something else besides", "signatures: []\nother: 1", "expected one key"},
      {"an unknown key", "signatures:\n- {nam: a}", "2:4: unknown key 'nam'"},
      {"a missing key", "signatures:\n- {name: a}", "has no 'severity'"},
      {"an unknown condition", with("{fille: [a]}"), "2:61: unknown condition 'fille'"},
      {"a bad pattern", with("{dns: '('}"), "bad pattern"},
      {"a severity out of range",
       "signatures:\n- {name: a, severity: 11, explanation: e, attack: T, when: {act: [a]}}",
       "from 1 to 10"},
      {"a port out of range", with("{network_port: [65536]}"), "from 1 to 65535"},
      {"no words", with("{act: []}"), "expected a list"},
      {"no condition", with("{}"), "a condition is a map"},
      {"two counts", with("{act_over: {a: 1, b: 2}}"), "expected one 'word: count'"},
      {"a name twice", with("{act: [a]}") + with("{act: [b]}").substr(12), "two signatures"},
  };
  for (const auto& one : cases) {
    std::vector<Diagnostic> found;
    EXPECT_FALSE(read(one.yaml, found)) << one.name;
    std::string all;
    for (const Diagnostic& problem : found) all += problem.text() + "\n";
    EXPECT_NE(all.find(one.want), std::string::npos) << one.name << ": " << all;
  }
}

TEST(Glob, StarsStayInANameAndDoubleStarsDoNot) {
  const struct {
    const char* glob;
    const char* text;
    bool want;
  } cases[] = {
      {"", "", true},
      {"a", "a", true},
      {"a", "b", false},
      {"a", "ab", false},
      {"*", "abc", true},
      {"*", "a/b", false},
      {"**", "a/b", true},
      {"/a/*", "/a/b", true},
      {"/a/*", "/a/b/c", false},
      {"/a/**", "/a/b/c", true},
      {"/a/*/c", "/a/b/c", true},
      {"*b*d", "abcd", true},
      {"*b*d", "abc", false},
      {"/a/**/x*y", "/a/b/xc/xdy", true},
      {"a**", "a", true},
      {"**/*.txt", "/a/b.txt", true},
      {"**/*.txt", "/a/b.txt/c", false},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(glob_matches(one.glob, one.text), one.want) << one.glob << " " << one.text;
  }
}

TEST(Glob, IsNotSlowOnManyStars) {
  const std::string text(1000, 'a');
  EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*a*a*a*b", text));
  EXPECT_FALSE(glob_matches("**a**a**a**a**a**a*a*a*a*b", text));
}

}  // namespace
}  // namespace weir
