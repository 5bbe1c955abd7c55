#include "policy/conditions.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/policy/policy_text.h"

namespace weir {
namespace {

// Facts of an ordinary download; each case changes what it is about.
Facts ordinary() {
  Facts facts;
  facts.client = *IpAddress::parse("10.1.2.3");
  facts.user = "alice";
  facts.groups = {"staff"};
  facts.host = "www.example.com";
  facts.port = 443;
  facts.scheme = "https";
  facts.sni = "www.example.com";
  facts.tls = true;
  facts.ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1";
  facts.categories = {"news"};
  facts.reputation = {"phishing", "malware"};
  facts.sources = {"urlhaus"};
  facts.confidence = 80;
  facts.lookalike = {"typo"};
  facts.lookalike_score = 72;
  facts.machine_made = 40;
  facts.seen_since = 3 * 3600;
  facts.domain_age = 5 * 86'400;
  facts.site = {"cloud-hosting", "fronting"};
  facts.now = *parse_local_time("2026-01-05 12:00");  // a Monday
  facts.method = "GET";
  facts.url = "https://www.example.com/a/Invoice.ZIP?x=1";
  facts.path = "/a/Invoice.ZIP?x=1";
  facts.user_agent = "curl/8.0";
  facts.status = 200;
  facts.content_type = "application/zip";
  facts.size = 5 * 1024 * 1024;
  facts.file_type = "zip";
  facts.file_family = "archive";
  facts.file_name = "Invoice.ZIP";
  facts.verdict = Verdict::uninspectable;
  facts.reason = Reason::encrypted;
  facts.sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  facts.threat = "zip-aes256";
  facts.findings = {"zip-aes256", "name-rtlo"};
  facts.score = 60;
  facts.sandbox = "suspicious";
  facts.publisher = "example w\u00f6rks";
  facts.contains = {"pe", "executable", "png", "media"};
  return facts;
}

// Whether `when: {TEXT}` matches in the verdict stage, where all is known.
bool matches(const std::string& when, const Facts& facts) {
  const auto policy = policy_of(
      "categories: {news: [news.test], malware: [bad.test]}\ngroups: {staff: [alice], it: [bob]}\n"
      "verdict:\n  - {name: it, when: {" +
      when + "}, action: block}\n  - {name: rest, action: allow}\n");
  return policy && policy->decide(Stage::verdict, facts).rule == "it";
}

struct MatchCase {
  std::string when;
  bool want;
};

const MatchCase kMatches[] = {
    {"client: 10.0.0.0/8", true},
    {"client: [192.0.2.1, 10.1.2.3]", true},
    {"client: 10.1.2.4", false},
    {"client: '::ffff:10.0.0.0/104'", true},
    {"not_client: 10.0.0.0/8", false},
    {"publisher: Example W\u00f6rks", true},
    {"publisher: [Other, EXAMPLE w\u00f6rks]", true},
    {"publisher: 'Example W?rks'", false},
    {"publisher: Example", false},
    {"publisher: any", true},
    {"not_publisher: [Other]", true},
    {"user: alice", true},
    {"user: Alice", false},
    {"user: any", true},
    {"not_user: any", false},
    {"group: staff", true},
    {"group: [it]", false},
    {"group: any", true},
    {"not_group: it", true},
    {"host: www.example.com", true},
    {"host: WWW.Example.COM.", true},
    {"host: example.com", false},
    {"host: '*.example.com'", true},
    {"host: .example.com", true},
    {"host: .www.example.com", true},
    {"host: '*.www.example.com'", false},
    {"host: '*.com'", true},
    {"host: '*.ample.com'", false},
    {"host: [a.test, b.test]", false},
    {"host: www.example.com/a", true},
    {"host: www.example.com/b", false},
    {"not_host: a.test", true},
    {"sni: '*.example.com'", true},
    {"sni: a.test", false},
    {"port: 443", true},
    {"port: 400-500", true},
    {"port: [80, 8080]", false},
    {"scheme: https", true},
    {"scheme: [http, tunnel]", false},
    {"category: news", true},
    {"category: malware", false},
    {"category: any", true},
    {"reputation: malware", true},
    {"reputation: [c2, deny]", false},
    {"reputation: any", true},
    {"source: [urlhaus, local]", true},
    {"source: local", false},
    {"confidence: '>=80'", true},
    {"confidence: '>80'", false},
    {"category: uncategorised", false},
    {"lookalike: [typo, homoglyph]", true},
    {"lookalike: any", true},
    {"lookalike: subdomain", false},
    {"lookalike_score: '>=72'", true},
    {"lookalike_score: '>72'", false},
    {"machine_made: 20-40", true},
    {"machine_made: '>=75'", false},
    {"first_seen_here: '<24h'", true},
    {"first_seen_here: '<=3h'", true},
    {"first_seen_here: '<3h'", false},
    {"first_seen_here: '>1d'", false},
    {"first_seen_here: unknown", false},
    {"domain_age: '<7d'", true},
    {"domain_age: '>=6d'", false},
    {"site: fronting", true},
    {"site: [doh, ip-literal]", false},
    {"site: any", true},
    {"tls: true", true},
    {"not_tls: true", false},
    {"sni_missing: false", true},
    {"sni_differs: true", false},
    {"ech: false", true},
    {"ja4: t13d1516h2_8daaf6152771_e5627efa2ab1", true},
    {"ja4: x", false},
    {"first_bytes: ssh", false},
    {"not_first_bytes: [ssh, rdp]", true},
    {"time: mon-fri 08:00-18:00", true},
    {"time: ['sat,sun', '22:00-06:00']", false},
    {"finding: name-rtlo", true},
    {"finding: [other, zip-aes256]", true},
    {"finding: zip", false},
    {"finding: any", true},
    {"score: '>=60'", true},
    {"score: '>60'", false},
    {"score: [0, 50-70]", true},
    {"method: get", true},
    {"method: [POST, PUT]", false},
    {"url: '^https://[^/]+/a/'", true},
    {"url: '(?i)invoice\\.zip'", true},
    {"url: 'invoice'", false},
    {"path: '/a/*'", true},
    {"path: '/a'", false},
    {"path: '/?/*'", true},
    {"path: 're:x=[0-9]$'", true},
    {"user_agent: '^curl/'", true},
    {"user_agent: wget", false},
    {"certificate_error: any", false},
    {"status: 200", true},
    {"status: 2xx", true},
    {"status: 4xx", false},
    {"content_type: application/zip", true},
    {"content_type: 'application/*'", true},
    {"content_type: 'video/*'", false},
    {"size: '>1MiB'", true},
    {"size: '<=5MiB'", true},
    {"size: '<5MiB'", false},
    {"size: '>5MiB'", false},
    {"size: 1MiB-6MiB", true},
    {"size: unknown", false},
    {"not_size: unknown", true},
    {"file_type: [pe, zip]", true},
    {"file_type: pe", false},
    {"file_family: archive", true},
    {"file_family: script", false},
    {"file_name: 'invoice*'", true},
    {"file_name: '*.exe'", false},
    {"extension: zip", true},
    {"extension: .ZIP", true},
    {"extension: [exe, ip]", false},
    {"endless: false", true},
    {"endless: true", false},
    {"verdict: uninspectable", true},
    {"verdict: [clean, malicious]", false},
    {"reason: [encrypted, partly-encrypted]", true},
    {"reason: any", true},
    {"reason: timeout", false},
    {"threat: '^zip-'", true},
    {"threat: eicar", false},
    {"contains: pe", true},
    {"contains: [script, executable]", true},
    {"contains: [elf, script]", false},
    {"not_contains: any", false},
    {"sandbox: [suspicious, malicious]", true},
    {"sandbox: clean", false},
    {"sha256: E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", true},
    {"sha256: f3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false},
    {"host: .example.com, file_type: zip, user: alice", true},
    {"host: .example.com, file_type: pe, user: alice", false},
};

TEST(Conditions, Match) {
  const Facts facts = ordinary();
  for (const MatchCase& test : kMatches)
    EXPECT_EQ(matches(test.when, facts), test.want) << test.when;
}

TEST(Conditions, EachHasACaseThatMatchesAndOneThatDoesNot) {
  for (const ConditionRow& row : condition_rows()) {
    if (row.name == "certificate_error" || row.name == "first_bytes") continue;  // below
    std::set<bool> seen;
    for (const MatchCase& test : kMatches) {
      const std::string name(row.name);
      if (test.when.starts_with(name + ":")) seen.insert(test.want);
      if (test.when.starts_with("not_" + name + ":")) seen.insert(!test.want);
    }
    if (row.kind == ValueKind::flag) continue;  // true and false are symmetric
    EXPECT_EQ(seen.size(), 2U) << row.name;
  }
}

TEST(Conditions, OfWhatIsNotOrdinary) {
  Facts facts = ordinary();
  facts.user = {};
  facts.groups.clear();
  facts.categories.clear();
  facts.sni = "other.test";
  facts.ech = true;
  facts.endless = true;
  facts.size.reset();
  facts.certificate_error = "expired";
  facts.first_bytes = "ssh";
  facts.file_name = "noextension";
  facts.reason = Reason::none;
  facts.sandbox = {};
  facts.publisher = {};
  facts.contains.clear();
  facts.client = *IpAddress::parse("2001:db8::1");
  facts.now = *parse_local_time("2026-01-04 23:30");  // a Sunday
  const MatchCase cases[] = {
      {"publisher: any", false},
      {"publisher: Example", false},
      {"not_publisher: any", true},
      {"user: any", false},
      {"not_user: any", true},
      {"user: ''", true},
      {"group: any", false},
      {"category: any", false},
      {"not_category: malware", true},
      {"sni_differs: true", true},
      {"sni_missing: true", false},
      {"ech: true", true},
      {"endless: true", true},
      {"size: '>1B'", false},
      {"size: unknown", true},
      {"not_size: '>1B'", true},
      {"certificate_error: any", true},
      {"certificate_error: [expired, weak]", true},
      {"certificate_error: self-signed", false},
      {"first_bytes: [ssh, rdp]", true},
      {"extension: noextension", false},
      {"reason: any", false},
      {"sandbox: any", false},
      {"contains: any", false},
      {"not_reason: any", true},
      {"client: '2001:db8::/32'", true},
      {"client: 0.0.0.0/0", false},
      {"time: 'sat,sun'", true},
      {"time: sun 22:00-06:00", true},
      {"time: mon-fri", false},
  };
  for (const MatchCase& test : cases) EXPECT_EQ(matches(test.when, facts), test.want) << test.when;
  facts.sni = {};
  EXPECT_TRUE(matches("sni_missing: true", facts));
  facts.tls = false;
  EXPECT_FALSE(matches("sni_missing: true", facts));
}

TEST(Conditions, AreOnlyForStagesThatKnowTheFact) {
  for (const ConditionRow& row : condition_rows()) {
    for (const Stage stage :
         {Stage::connect, Stage::request, Stage::response, Stage::verdict, Stage::sandbox}) {
      const std::string name(stage_name(stage));
      const std::string action = stage == Stage::connect   ? "intercept"
                                 : stage == Stage::sandbox ? "off"
                                                           : "allow";
      const std::string other = stage == Stage::sandbox ? "hold" : "block";
      std::string example(row.example);
      if (row.name == "sha256") example = "['" + std::string(64, 'a') + "']";
      if (row.name == "host") example = "a.test";
      const std::string said =
          problems_of("categories: {malware: [a.test]}\ngroups: {finance: [bob]}\n" + name +
                      ":\n  - {name: it, when: {" + std::string(row.name) + ": " + example +
                      "}, action: " + other + "}\n  - {name: rest, action: " + action + "}\n");
      if (stage >= row.from) {
        EXPECT_EQ(said, "") << row.name << " in " << name;
      } else {
        EXPECT_NE(said.find("is known from the"), std::string::npos) << row.name << " in " << name;
      }
    }
  }
}

TEST(Conditions, SayWhatIsWrong) {
  const struct {
    std::string when, want;
  } cases[] = {
      {"hots: a.test", "5:23: unknown condition 'hots' (did you mean 'host'?)"},
      {"not_hots: a.test", "(did you mean 'not_host'?)"},
      {"client: 10.0.0.0/33", "is no address or range"},
      {"client: example.com", "is no address or range"},
      {"group: stuff", "'stuff' is not defined under groups: (did you mean 'staff'?)"},
      {"score: '>=101'", "is no score"},
      {"score: high", "is no score"},
      {"first_seen_here: 24h", "is no age"},
      {"first_seen_here: '<soon'", "is no age"},
      {"lookalike: homograph", "(did you mean 'homoglyph'?)"},
      {"site: cloud", "'cloud' is not known"},
      {"reputation: fishing", "'fishing' is not known"},
      {"category: malwar", "'malwar' is not defined under categories: (did you mean 'malware'?)"},
      {"host: 'a b'", "is no host"},
      {"host: 'a.*.test'", "'*' may only stand for whole labels in front"},
      {"host: '*.a.test/x'", "a path goes with one host"},
      {"host: []", "needs at least one value"},
      {"host: {a: b}", "must be a list"},
      {"host: '@missing.txt'", "list cannot be read: missing.txt"},
      {"port: 0", "is no port"},
      {"port: 70000", "is no port"},
      {"port: 90-80", "is no port"},
      {"scheme: htps", "(did you mean 'https'?)"},
      {"url: '('", "is no RE2 pattern: missing )"},
      {"url: '(?=x)'", "is no RE2 pattern"},
      {"url: '((a{1000}){1000}){1000}'", "is no RE2 pattern"},
      {"status: 600", "is no status"},
      {"size: 10", "is no size"},
      {"size: '>10MB'", "is no size"},
      {"file_type: exe", "'exe' is not known"},
      {"file_type: pyton", "(did you mean 'python'?)"},
      {"file_family: scripts", "(did you mean 'script'?)"},
      {"endless: 1", "must be true or false"},
      {"verdict: bad", "'bad' is not known (known: clean, suspicious, uninspectable, malicious)"},
      {"reason: encripted", "(did you mean 'encrypted'?)"},
      {"certificate_error: expird", "(did you mean 'expired'?)"},
      {"not_certificate_error: expired", "name what you accept"},
      {"sha256: abc", "is no SHA-256 in hex"},
      {"time: monday", "is no time"},
      {"time: mon 25:00-26:00", "is no time"},
      {"any: false", "any can only be true"},
      {"any: true, port: 1", "any: true goes without conditions"},
      {"extension: 'tar.*'", "is no extension"},
  };
  for (const auto& test : cases) {
    const std::string said = problems_of(
        "categories: {malware: [bad.test]}\ngroups: {staff: [alice]}\nverdict:\n"
        "  - {name: it, when: {" +
        test.when + "}, action: block}\n" + "  - {name: rest, action: allow}\n");
    EXPECT_NE(said.find(test.want), std::string::npos) << test.when << "\n" << said;
  }
}

TEST(Conditions, ListFiles) {
  const std::string folder = testing::TempDir() + "weir-lists";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/hosts.txt") << "\xef\xbb\xbf# bad ones\n\n  a.test  # why\r\n"
                                          "0.0.0.0 b.test\n.c.test\nnot a host\n*.d.test\n";
  std::ofstream(folder + "/files.txt")
      << "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  empty\nxyz\n";
  std::vector<Diagnostic> problems;
  const auto policy = Policy::parse(
      policy_text(
          "verdict:\n  - {name: host, when: {host: ['@hosts.txt', e.test]}, action: block}\n"
          "  - {name: file, when: {sha256: '@files.txt'}, action: block}\n"
          "  - {name: rest, action: allow}\n"),
      folder + "/policy.yaml", problems);
  ASSERT_TRUE(policy) << all_text(problems);
  ASSERT_EQ(problems.size(), 2U) << all_text(problems);
  EXPECT_TRUE(problems[0].warning);
  EXPECT_NE(problems[0].text().find("hosts.txt:6:1: warning: line skipped"), std::string::npos);
  EXPECT_NE(problems[1].text().find("files.txt:2:1: warning: line skipped"), std::string::npos);
  Facts facts;
  for (const auto& [host, want] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{{"a.test", "host"},
                                                                            {"b.test", "host"},
                                                                            {"c.test", "host"},
                                                                            {"x.c.test", "host"},
                                                                            {"d.test", "rest"},
                                                                            {"x.d.test", "host"},
                                                                            {"e.test", "host"},
                                                                            {"f.test", "rest"}}) {
    facts.host = host;
    EXPECT_EQ(policy->decide(Stage::verdict, facts).rule, want) << host;
  }
  facts.sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  EXPECT_EQ(policy->decide(Stage::verdict, facts).rule, "file");
}

TEST(Conditions, TableIsWellFormed) {
  std::set<std::string_view> names;
  for (const ConditionRow& row : condition_rows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(row.help.ends_with('.')) << row.name;
    EXPECT_FALSE(row.example.empty()) << row.name;
    EXPECT_FALSE(row.name.starts_with("not_")) << row.name;
  }
}

}  // namespace
}  // namespace weir
