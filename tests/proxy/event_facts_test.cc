// What policy is told of past traffic: lines as ocsf.cc writes them, judged by two policies.
#include "proxy/event_facts.h"

#include <gtest/gtest.h>

#include "proxy/dry_run.h"
#include "proxy/events/event_log.h"

namespace weir {
namespace {

std::shared_ptr<const Policy> policy_of(const std::string& rules) {
  std::vector<Diagnostic> problems;
  auto policy = Policy::parse(
      "version: 1\ngroups: {staff: [alice]}\n"
      "profiles: {p: {delivery: hold, scanners: [hash]}}\n" +
          rules,
      "p.yaml", problems);
  for (const Diagnostic& problem : problems) ADD_FAILURE() << problem.text();
  return policy;
}

constexpr const char* kAll =
    "connect: [{name: c, action: intercept}]\nrequest: [{name: r, action: allow}]\n"
    "response: [{name: p, action: allow, profile: p}]\nverdict: [{name: v, action: allow}]\n";

TransactionRecord record() {
  TransactionRecord made;
  made.id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  made.start = WallTime(std::chrono::milliseconds(1'800'000'000'000));
  made.client = *Endpoint::parse("192.0.2.7:50000");
  made.user = "alice";
  made.method = "GET";
  made.url = "https://www.files.test/a/setup.zip?x=1";
  made.host = "www.files.test";
  made.port = 443;
  made.user_agent = "curl/8";
  made.client_tls_version = "TLSv1.3";
  made.sni = "www.files.test";
  made.ja4 = "t13d";
  made.status = 200;
  made.content_type = "application/zip; x=y";
  made.file_name = "setup.zip";
  made.file_type = "zip";
  made.file_size = 1234;
  made.sha256 = std::string(64, 'a');
  made.scanned = true;
  made.verdict = Verdict::suspicious;
  made.score = 40;
  made.findings = {{Scanner::yara, Verdict::suspicious, Reason::none, "odd", ""}};
  made.tree = {{.where = "b.exe", .type = "pe", .from = "zip", .size = 3, .sha256 = ""}};
  made.reputation = {{"feed-a", "phishing", "files.test", "games", "", 60}};
  made.name.lookalike = "homoglyph";
  made.name.lookalike_score = 80;
  made.name.site = {"cloud-hosting"};
  made.name.domain_age = 3 * 86'400;
  made.action = "allow";
  made.rule = "rest";
  for (const char* stage : {"connect", "request", "response", "verdict"}) {
    made.stages.push_back({stage, "allow", "rest"});
  }
  return made;
}

EventFacts facts_of(const TransactionRecord& made) { return *EventFacts::read(ocsf_line(made)); }

TEST(EventFacts, HasWhatPolicyKnew) {
  const auto policy = policy_of(kAll);
  const EventFacts event = facts_of(record());
  const Facts facts = event.facts(*policy);
  using Words = std::vector<std::string_view>;
  EXPECT_EQ(facts.client.text(), "192.0.2.7");
  EXPECT_EQ(facts.user, "alice");
  EXPECT_EQ(facts.groups, Words{"staff"});
  EXPECT_EQ(facts.host, "www.files.test");
  EXPECT_EQ(facts.port, 443);
  EXPECT_EQ(facts.scheme, "https");
  EXPECT_TRUE(facts.tls);
  EXPECT_EQ(facts.sni, "www.files.test");
  EXPECT_EQ(facts.ja4, "t13d");
  EXPECT_EQ(facts.categories, Words{"games"});
  EXPECT_EQ(facts.reputation, Words{"phishing"});
  EXPECT_EQ(facts.sources, Words{"feed-a"});
  EXPECT_EQ(facts.confidence, 60U);
  EXPECT_EQ(facts.lookalike, Words{"homoglyph"});
  EXPECT_EQ(facts.site, Words{"cloud-hosting"});
  EXPECT_EQ(facts.domain_age, 3 * 86'400U);
  EXPECT_EQ(facts.path, "/a/setup.zip?x=1");
  EXPECT_EQ(facts.content_type, "application/zip");
  EXPECT_EQ(facts.size, 1234U);
  EXPECT_EQ(facts.file_family, "archive");
  EXPECT_EQ(facts.verdict, Verdict::suspicious);
  EXPECT_EQ(facts.threat, "odd");
  EXPECT_EQ(facts.score, 40U);
  EXPECT_EQ(facts.contains, (Words{"pe", "executable"}));
  EXPECT_EQ(event.last(), Stage::verdict);
}

TEST(EventFacts, TakesOddEventsAndNoOthers) {
  for (const char* line : {"", "{}", "{\"time\":1,\"unmapped\":{\"weir\":{\"notice\":\"x\"}}}"}) {
    EXPECT_FALSE(EventFacts::read(line)) << line;
  }
  const auto policy = policy_of(kAll);
  const auto odd = EventFacts::read(
      R"({"time":1,"src_endpoint":{"ip":"x","port":-1},"http_request":{"url":{"url_string":"::"}},)"
      R"("unmapped":{"weir":{"stages":[1,{"stage":"x"}],"reputation":7,"name":{"first_seen":-1,)"
      R"("domain_age_days":99999999999999999},"findings":{"a":1},"tree":[null]}}})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->facts(*policy).categories.size(), 1U);
  EXPECT_EQ(odd->last(), Stage::connect);
}

struct DryRunRow {
  const char* name;
  const char* in_force;
  const char* proposed;
  const char* want;  // "" = no change
};

class DryRunTest : public testing::TestWithParam<DryRunRow> {};

TEST_P(DryRunTest, TellsWhatChanges) {
  const auto in_force = policy_of(GetParam().in_force), proposed = policy_of(GetParam().proposed);
  ASSERT_TRUE(in_force && proposed);
  DryRun run(*in_force, *proposed);
  const std::string line = ocsf_line(record());
  run.judge(*EventFacts::read(line), *view_event(line));
  run.judge(*EventFacts::read(line), *view_event(line));
  std::string got;
  for (const PolicyChange& change : run.changes()) {
    EXPECT_EQ(change.events, 2U);
    EXPECT_EQ(change.clients.size(), 1U);
    EXPECT_EQ(change.examples.size(), 2U);
    got += change.before.action + "/" + change.before.rule + ">" + change.after.action + "/" +
           change.after.rule + (change.beyond ? "?" : "");
  }
  EXPECT_EQ(got, GetParam().want);
  EXPECT_EQ(run.judged(), 2U);
  EXPECT_EQ(run.changed(), *GetParam().want == '\0' ? 0U : 2U);
}

constexpr const char* kNoZip =
    "connect: [{name: c, action: intercept}]\nrequest: [{name: r, action: allow}]\n"
    "response: [{name: p, action: allow, profile: p}]\n"
    "verdict: [{name: zips, when: {file_type: [zip]}, action: block}, {name: v, action: allow}]\n";
constexpr const char* kNoHost =
    "connect: [{name: c, action: intercept}]\n"
    "request: [{name: h, when: {host: ['*.files.test']}, action: block}, {name: r, action: "
    "allow}]\n"
    "response: [{name: p, action: allow, profile: p}]\nverdict: [{name: v, action: allow}]\n";
constexpr const char* kRenamed =
    "connect: [{name: c, action: intercept}]\nrequest: [{name: other, action: allow}]\n"
    "response: [{name: p, action: allow, profile: p}]\nverdict: [{name: x, action: allow}]\n";

constexpr DryRunRow kDryRuns[] = {
    {"Same", kAll, kAll, ""},
    {"OnlyNames", kAll, kRenamed, ""},
    {"NewBlock", kAll, kNoZip, "allow/v>block/zips"},
    {"Opened", kNoZip, kAll, "block/zips>allow/v"},
    {"EarlierBlock", kNoZip, kNoHost, "block/zips>block/h"},
};
INSTANTIATE_TEST_SUITE_P(Table, DryRunTest, testing::ValuesIn(kDryRuns),
                         [](const auto& each) { return std::string(each.param.name); });

// A request that was refused at once left nothing to judge in later stages.
TEST(DryRun, SaysWhereKnowledgeEnds) {
  const auto in_force = policy_of(kNoHost), proposed = policy_of(kAll);
  auto made = record();
  made.action = "block";
  made.scanned = false;
  made.stages = {{"connect", "intercept", "c"}, {"request", "block", "h"}};
  const std::string line = ocsf_line(made);
  DryRun run(*in_force, *proposed);
  run.judge(*EventFacts::read(line), *view_event(line));
  ASSERT_EQ(run.changes().size(), 1U);
  EXPECT_TRUE(run.changes().front().beyond);
  EXPECT_EQ(run.changes().front().after.action, "allow");
}

}  // namespace
}  // namespace weir
