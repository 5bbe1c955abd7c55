#include "policy/policy.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <new>

#include "tests/policy/policy_text.h"

// Counts allocations, to prove that deciding makes none.
#if !defined(WEIR_SANITIZED)
namespace {
thread_local std::size_t allocations = 0;
}
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace weir {
namespace {

const std::string kShipped = std::string(WEIR_SOURCE_DIR) + "/conf/policy.yaml";

std::shared_ptr<const Policy> shipped() {
  std::vector<Diagnostic> problems;
  auto policy = Policy::load(kShipped, problems);
  EXPECT_TRUE(problems.empty()) << all_text(problems);
  return policy;
}

TEST(Policy, FirstMatchDecides) {
  const auto policy = policy_of(R"(
request:
  - {name: one, when: {host: a.test}, action: block, reason: No a.}
  - {name: two, when: {host: [a.test, b.test]}, action: alert}
  - {name: rest, action: allow}
)");
  Facts facts;
  const struct {
    std::string_view host, rule, reason;
    Action action;
  } cases[] = {{"a.test", "one", "No a.", Action::block},
               {"b.test", "two", "", Action::alert},
               {"c.test", "rest", "", Action::allow}};
  for (const auto& test : cases) {
    facts.host = test.host;
    const Decision decision = policy->decide(Stage::request, facts);
    EXPECT_EQ(decision.rule, test.rule);
    EXPECT_EQ(decision.reason, test.reason);
    EXPECT_EQ(decision.action, test.action);
    EXPECT_EQ(decision.stage, Stage::request);
    EXPECT_EQ(decision.profile, nullptr);
  }
}

TEST(Policy, ResponseRulesPickProfiles) {
  const auto policy = policy_of(R"(
profiles:
  quick: {delivery: trickle, scanners: [hash, yara], max_bytes: 1MiB, scan_timeout: 5s}
  none: {delivery: direct, scanners: []}
response:
  - {name: bad, when: {status: 5xx}, action: block}
  - {name: quick, when: {file_type: zip}, action: allow, profile: quick}
  - {name: none, when: {file_type: png}, action: allow, profile: none}
  - {name: rest, action: allow}
)");
  Facts facts;
  facts.status = 200;
  facts.file_type = "zip";
  const Decision quick = policy->decide(Stage::response, facts);
  ASSERT_NE(quick.profile, nullptr);
  EXPECT_EQ(quick.profile->name, "quick");
  EXPECT_EQ(quick.profile->delivery, Delivery::trickle);
  EXPECT_TRUE(quick.profile->scanners.has(Scanner::yara));
  EXPECT_FALSE(quick.profile->scanners.has(Scanner::clamav));
  EXPECT_EQ(quick.profile->max_bytes, 1U << 20);
  EXPECT_EQ(quick.profile->scan_timeout, std::chrono::seconds(5));
  facts.file_type = "png";
  EXPECT_TRUE(policy->decide(Stage::response, facts).profile->scanners.empty());
  facts.file_type = "pe";
  const Decision rest = policy->decide(Stage::response, facts);
  EXPECT_EQ(rest.profile->delivery, Delivery::hold);
  EXPECT_EQ(rest.profile->scanners.bits(), (1U << kScannerCount) - 1);
  facts.status = 503;
  const Decision bad = policy->decide(Stage::response, facts);
  EXPECT_EQ(bad.action, Action::block);
  EXPECT_NE(bad.profile, nullptr);
}

TEST(Policy, CertificateErrorsAreOnlyAllowedByName) {
  const auto policy = policy_of(R"(
request:
  - {name: never, when: {host: no.test, certificate_error: any}, action: block, reason: Never.}
  - {name: ours, when: {host: '*.test', certificate_error: [expired, weak]}, action: alert}
  - {name: host, when: {host: plain.test}, action: allow}
  - {name: rest, action: allow}
)");
  const struct {
    std::string_view host, error, rule;
    Action action;
  } cases[] = {
      {"a.test", "expired", "ours", Action::alert},
      {"a.test", "self-signed", "certificate", Action::block},
      {"a.example", "expired", "certificate", Action::block},
      {"plain.test", "wrong-host", "certificate", Action::block},
      {"no.test", "expired", "never", Action::block},
      {"a.test", "", "certificate", Action::block},
  };
  Facts facts;
  for (const auto& test : cases) {
    facts.host = test.host;
    facts.certificate_error = test.error;
    const Decision decision = policy->on_certificate_error(facts);
    EXPECT_EQ(decision.rule, test.rule) << test.host << test.error;
    EXPECT_EQ(decision.action, test.action) << test.host << test.error;
    std::vector<RuleTrace> trace;
    EXPECT_EQ(policy->explain_certificate_error(facts, trace).rule, test.rule);
    EXPECT_LE(trace.size(), 2U);
  }
  // Before the certificate is known, rules that name its error do not match.
  facts.host = "a.test";
  facts.certificate_error = {};
  EXPECT_EQ(policy->decide(Stage::request, facts).rule, "rest");
}

TEST(Policy, CategoriesOfHostsAndUrls) {
  const auto policy = policy_of(R"(
categories:
  bad: [.bad.test, 'shared.test/~eve', 'q.test/a?id=1']
  news: ['*.news.test', x.bad.test]
)");
  const struct {
    std::string_view host, url;
    std::vector<std::string_view> want;
  } cases[] = {
      {"bad.test", "https://bad.test/", {"bad"}},
      {"x.bad.test", "", {"bad", "news"}},
      {"notbad.test", "", {}},
      {"news.test", "", {}},
      {"a.b.news.test", "", {"news"}},
      {"shared.test", "", {}},
      {"shared.test", "https://shared.test/", {}},
      {"shared.test", "https://shared.test/~eve", {"bad"}},
      {"shared.test", "https://shared.test/~eve/x.exe?y", {"bad"}},
      {"shared.test", "https://shared.test/~eve?y", {"bad"}},
      {"shared.test", "https://shared.test/~evelyn/", {}},
      {"other.test", "https://other.test/~eve", {}},
      {"q.test", "http://q.test:8080/a?id=1", {"bad"}},
      {"q.test", "http://q.test/a?id=12", {}},
  };
  for (const auto& test : cases) {
    std::vector<std::string_view> got;
    policy->categories_of(test.host, test.url, got);
    std::ranges::sort(got);
    EXPECT_EQ(got, test.want) << test.host << " " << test.url;
    const std::vector<std::string_view> once = got;
    policy->categories_of(test.host, test.url, got);
    std::ranges::sort(got);
    EXPECT_EQ(got, once) << "a category is there once";
  }
}

TEST(Policy, Groups) {
  const auto policy = policy_of("groups: {staff: [alice, bob], it: [bob, bob]}\n");
  std::vector<std::string_view> groups;
  policy->groups_of("bob", groups);
  EXPECT_EQ(groups, (std::vector<std::string_view>{"staff", "it"}));
  groups.clear();
  policy->groups_of("", groups);
  policy->groups_of("eve", groups);
  EXPECT_TRUE(groups.empty());
}

TEST(Policy, NetworkRules) {
  const auto policy =
      policy_of("network: {connect_ports: [443, 4443], open_addresses: [10.1.0.0/16, '::1']}\n");
  const NetworkRules& network = policy->network();
  EXPECT_TRUE(network.connect_port_open(4443));
  EXPECT_FALSE(network.connect_port_open(8443));
  EXPECT_TRUE(network.http_port_open(80));
  const struct {
    std::string_view address;
    bool want;
  } cases[] = {{"93.184.216.34", true}, {"10.1.2.3", true},         {"10.2.0.1", false},
               {"127.0.0.1", false},    {"169.254.169.254", false}, {"::1", true},
               {"fe80::1", false},      {"192.168.1.1", false}};
  for (const auto& test : cases) {
    EXPECT_EQ(network.may_dial(*IpAddress::parse(test.address)), test.want) << test.address;
  }
}

TEST(Policy, SaysWhatIsWrongAndWhere) {
  const struct {
    std::string text, want;
  } cases[] = {
      {"conect: []\n",
       "policy.yaml:2:1: unknown key 'conect' in the policy (did you mean 'connect'?)"},
      {"version: 2\n", "duplicate key"},
      {"request:\n  - {nam: x, action: allow}\n",
       "3:6: unknown key 'nam' in a rule (did you mean 'name'?)"},
      {"request:\n  - {action: allow}\n", "3:5: a rule needs a name"},
      {"request:\n  - {name: 'a b', action: allow}\n", "'a b' is no rule name"},
      {"request:\n  - {name: x}\n", "a rule needs an action: allow, alert, block"},
      {"request:\n  - {name: x, action: alow}\n", "(did you mean 'allow'?)"},
      {"request:\n  - {name: x, action: bypass}\n",
       "3:23: action 'bypass' is not for the request stage, which has allow, alert, block"},
      {"connect:\n  - {name: x, action: allow}\n", "which has intercept, bypass, block"},
      {"request: []\n", "request must be a list of rules"},
      {"request: x\n", "request must be a list of rules"},
      {"request:\n  - x\n", "a rule must be a map"},
      {"request:\n  - {name: x, action: allow, when: [a]}\n", "when must be a map"},
      {"request:\n  - {name: x, when: {port: 1}, action: allow}\n",
       "the last rule of request must be without conditions"},
      {"request:\n  - {name: x, when: {port: 1}, action: block}\n  - {name: x, action: allow}\n",
       "4:5: duplicate rule name 'x' in request (first on line 3)"},
      {"request:\n  - {name: x, action: allow}\n  - {name: y, action: block}\n",
       "4:5: rule 'y' is never reached: 'x' on line 3 has no conditions"},
      {"request:\n  - {name: x, when: {any: true}, action: allow}\n  - {name: y, action: block}\n",
       "'y' is never reached"},
      {"request:\n  - {name: x, when: {port: [1, 2]}, action: allow}\n"
       "  - {name: y, when: {host: a.test, port: 2}, action: block}\n  - {name: z, action: "
       "allow}\n",
       "4:5: rule 'y' is never reached: 'x' on line 3 takes all of its cases"},
      {"request:\n  - {name: x, when: {not_port: 1}, action: allow}\n"
       "  - {name: y, when: {not_port: [1, 2]}, action: block}\n  - {name: z, action: allow}\n",
       "'y' is never reached"},
      {"request:\n  - {name: x, action: allow, profile: default}\n",
       "a profile is for response rules"},
      {"response:\n  - {name: x, action: block, profile: default}\n",
       "a profile is for response rules"},
      {"response:\n  - {name: x, action: allow, profile: downlod}\n", "unknown profile 'downlod'"},
      {"profiles: {p: {delivery: hold}}\n", "profile 'p' needs scanners"},
      {"profiles: {p: {scanners: []}}\n", "profile 'p' needs a delivery"},
      {"profiles: {p: {delivery: hodl, scanners: [hash]}}\n", "(did you mean 'hold'?)"},
      {"profiles: {p: {delivery: hold, scanners: [yra]}}\n", "(did you mean 'yara'?)"},
      {"profiles: {p: {delivery: hold, scanners: []}}\n", "waits for scanners, but there are none"},
      {"profiles: {p: {delivery: direct, scanners: [hash]}}\n", "direct inspects nothing"},
      {"profiles: {p: {delivery: hold, scanners: [hash], prove_media: true}}\n",
       "prove_media goes with delivery stream"},
      {"profiles: {p: {delivery: hold, scanners: [hash], max_bytes: 5}}\n", "must be a size"},
      {"profiles: [a]\n", "profiles must be a map"},
      {"network: {connect_port: [1]}\n", "(did you mean 'connect_ports'?)"},
      {"network: {connect_ports: [0]}\n", "must be from 1 to 65535"},
      {"network: {open_addresses: [x]}\n", "is no address or range"},
      {"categories: [a]\n", "categories must map names to lists"},
      {"categories: {any: [a.test]}\n", "cannot be a name"},
      {"categories: {bad: ['a b']}\n", "is no host"},
      {"categories: {bad: ['@nope.txt']}\n", "2:20: list cannot be read: nope.txt"},
      {"groups: {'a b': [x]}\n", "cannot be a name"},
      {"tests: x\n", "tests must be a list"},
      {"tests: [{expect: allow}]\n", "a test needs get: URL"},
      {"tests: [{get: 'ftp://x/', expect: allow}]\n", "get: 'ftp://x/'"},
      {"tests: [{get: 'http://x/'}]\n", "a test needs expect: ACTION"},
      {"tests: [{get: 'http://x/', expect: alow}]\n", "(did you mean 'allow'?)"},
      {"tests: [{get: 'http://x/', expect: allow, stge: request}]\n", "(did you mean 'stage'?)"},
      {"tests: [{get: 'http://x/', expect: allow, file_type: exe}]\n", "file_type must be one of"},
      {"tests: [{get: 'http://x/', expect: allow, at: noon}]\n", "must be a local time"},
      {"tests: [{get: 'http://x/', expect: allow, verdict: clean, reason: timeout}]\n",
       "a reason goes with verdict uninspectable"},
      {"request:\n  - {name: x, when: {certificate_error: expired}, action: allow}\n"
       "  - {name: y, action: allow}\n",
       "3:5: warning: rule 'x' accepts certificates that do not verify for every host"},
  };
  for (const auto& test : cases) {
    const std::string said = problems_of(test.text);
    EXPECT_NE(said.find(test.want), std::string::npos) << test.text << said;
  }
}

TEST(Policy, MissingPartsAreNamed) {
  std::vector<Diagnostic> problems;
  EXPECT_FALSE(Policy::parse("{}\n", "p.yaml", problems));
  const std::string said = all_text(problems);
  EXPECT_NE(said.find("'version: 1' is missing"), std::string::npos);
  for (const char* stage : {"connect", "request", "response", "verdict"}) {
    EXPECT_NE(said.find("the " + std::string(stage) + " stage is missing"), std::string::npos);
  }
  problems.clear();
  EXPECT_FALSE(Policy::load("/nonexistent/policy.yaml", problems));
  EXPECT_NE(all_text(problems).find("/nonexistent/policy.yaml: cannot be read"), std::string::npos);
  problems.clear();
  EXPECT_FALSE(Policy::parse("", "p.yaml", problems));
  EXPECT_FALSE(problems.empty());
}

TEST(Policy, RulesThatOnlyLookAlikeAreReached) {
  EXPECT_EQ(problems_of(R"(
request:
  - {name: a, when: {host: a.test, certificate_error: expired}, action: allow}
  - {name: b, when: {host: a.test}, action: allow}
  - {name: c, when: {host: a.test, certificate_error: weak}, action: allow}
  - {name: d, when: {port: [1, 2]}, action: block}
  - {name: e, when: {port: [2, 3]}, action: block}
  - {name: f, when: {not_port: 3}, action: block}
  - {name: g, action: allow}
)"),
            "");
}

TEST(Policy, VersionChangesWithTheTextAndTheLists) {
  const auto a = policy_of("");
  const auto b = policy_of("groups: {}\n");
  EXPECT_EQ(a->version().size(), 12U);
  EXPECT_NE(a->version(), b->version());
  EXPECT_EQ(a->version(), policy_of("")->version());
}

TEST(Policy, OwnTestsRun) {
  const auto policy = policy_of(R"(
request:
  - {name: no-games, when: {host: '*.games.test', not_user: alice}, action: block}
  - {name: rest, action: allow}
tests:
  - {get: 'https://a.games.test/', expect: block, rule: no-games}
  - {get: 'https://a.games.test/', user: alice, expect: allow}
  - {get: 'https://a.games.test/', expect: allow}
  - {get: 'https://b.test/', expect: allow, rule: no-games}
  - {get: 'https://b.test/', expect: allow, profile: quick}
  - {get: 'https://a.games.test/', expect: block, stage: verdict}
)");
  int passed = 0;
  const auto failures = policy->self_test(passed);
  EXPECT_EQ(passed, 2);
  ASSERT_EQ(failures.size(), 4U) << all_text(failures);
  EXPECT_EQ(failures[0].text(),
            "policy.yaml:9:5: test failed: https://a.games.test/: expected allow, got block by "
            "'no-games' in request");
}

TEST(ShippedPolicy, PassesItsOwnTests) {
  const auto policy = shipped();
  ASSERT_TRUE(policy);
  int passed = 0;
  const auto failures = policy->self_test(passed);
  EXPECT_TRUE(failures.empty()) << all_text(failures);
  EXPECT_GE(passed, 12);
}

TEST(ShippedPolicy, HoldsWhatCanCarryCode) {
  const auto policy = shipped();
  Facts facts;
  facts.status = 200;
  for (const char* type : {"text/html", "application/octet-stream", "image/svg+xml", ""}) {
    facts.content_type = type;
    const Decision decision = policy->decide(Stage::response, facts);
    EXPECT_EQ(decision.profile->delivery, Delivery::hold) << type;
    EXPECT_EQ(decision.profile->scanners.bits(), (1U << kScannerCount) - 1) << type;
  }
}

TEST(ShippedPolicy, EveryVerdictButCleanAndSuspiciousIsBlocked) {
  const auto policy = shipped();
  Facts facts;
  facts.verdict = Verdict::uninspectable;
  for (int reason = 1; reason <= static_cast<int>(Reason::engine_down); ++reason) {
    facts.reason = static_cast<Reason>(reason);
    EXPECT_EQ(policy->decide(Stage::verdict, facts).action, Action::block) << reason;
  }
  facts.reason = Reason::none;
  facts.verdict = Verdict::malicious;
  EXPECT_EQ(policy->decide(Stage::verdict, facts).action, Action::block);
  facts.verdict = Verdict::suspicious;
  EXPECT_EQ(policy->decide(Stage::verdict, facts).action, Action::alert);
  facts.verdict = Verdict::clean;
  EXPECT_EQ(policy->decide(Stage::verdict, facts).action, Action::allow);
}

// explain() and decide() never differ, whatever the facts.
TEST(ShippedPolicy, ExplainsWhatItDecides) {
  const auto policy = shipped();
  Facts facts;
  for (const std::string_view host : {"www.example.com", "x.malware.test", "phishing.example"}) {
    facts.host = host;
    facts.categories.clear();
    policy->categories_of(host, "", facts.categories);
    for (const std::string_view type : {"text/html", "video/mp4", "image/svg+xml"}) {
      facts.content_type = type;
      for (const Verdict verdict : {Verdict::clean, Verdict::uninspectable, Verdict::malicious}) {
        facts.verdict = verdict;
        for (int stage = 0; stage < 4; ++stage) {
          std::vector<RuleTrace> trace;
          const auto which = static_cast<Stage>(stage);
          const Decision explained = policy->explain(which, facts, trace);
          EXPECT_EQ(explained.rule, policy->decide(which, facts).rule);
          EXPECT_EQ(trace.back().rule, explained.rule);
          EXPECT_TRUE(trace.back().matched);
        }
      }
    }
  }
}

#if !defined(WEIR_SANITIZED)
TEST(ShippedPolicy, DecidesWithoutAllocating) {
  const auto policy = shipped();
  Facts facts;
  facts.host = "a.b.c.www.example.com";
  facts.url = "https://a.b.c.www.example.com/some/path/to/a/file.zip?with=query";
  facts.content_type = "application/zip";
  facts.status = 200;
  facts.categories.reserve(4);
  const std::size_t before = allocations;
  for (int i = 0; i < 100; ++i) {
    facts.categories.clear();
    policy->categories_of(facts.host, facts.url, facts.categories);
    for (int stage = 0; stage < 4; ++stage) {
      EXPECT_FALSE(policy->decide(static_cast<Stage>(stage), facts).rule.empty());
    }
  }
  EXPECT_EQ(allocations, before);
}
#endif

}  // namespace
}  // namespace weir
