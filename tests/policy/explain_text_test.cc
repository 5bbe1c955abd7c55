#include "policy/explain_text.h"

#include <gtest/gtest.h>

#include "tests/policy/policy_text.h"

namespace weir {
namespace {

constexpr const char* kPolicy = R"(
categories: {games: ['*.games.test']}
profiles: {quick: {delivery: hold, scanners: [hash]}}
request:
  - {name: no-posts, when: {method: POST, category: games}, action: block}
  - {name: no-games, when: {category: games, not_user: alice}, action: block, reason: No games here.}
  - {name: ours, when: {host: old.test, certificate_error: expired}, action: alert}
  - {name: rest, action: allow}
response:
  - {name: rest, action: allow, profile: quick}
verdict:
  - {name: bad, when: {verdict: malicious}, action: block}
  - {name: rest, action: allow}
)";

Facts facts_of(const Policy& policy, std::string_view host, std::string_view url) {
  Facts facts;
  facts.client = *IpAddress::parse("192.0.2.7");
  facts.host = facts.sni = host;
  facts.scheme = "https";
  facts.tls = true;
  facts.port = 443;
  facts.method = "GET";
  facts.url = url;
  facts.status = 200;
  policy.categories_of(host, url, facts.categories);
  return facts;
}

TEST(ExplainText, ABlockedRequest) {
  const auto policy = policy_of(kPolicy);
  const auto explanation =
      explain_all(*policy, facts_of(*policy, "a.games.test", "https://a.games.test/y"));
  EXPECT_EQ(explanation_text(explanation), R"(GET https://a.games.test/y
client 192.0.2.7, category games

connect: intercept by rule 'open'
  + open: always
request: block by rule 'no-games' (No games here.)
  - no-posts: method [POST] does not match GET
  + no-games: category [games] matches games; not_user [alice] matches (none)

=> request: block by rule 'no-games' (No games here.)
)");
  const std::string json =
      R"j({"method":"GET","url":"https://a.games.test/y","client":"192.0.2.7","user":"",)j"
      R"j("categories":["games"],"stage":"request","action":"block","rule":"no-games",)j"
      R"j("reason":"No games here.","stages":[)j"
      R"j({"stage":"connect","action":"intercept","rule":"open","reason":"","rules":[)j"
      R"j({"rule":"open","matched":true,"conditions":[]}]},)j"
      R"j({"stage":"request","action":"block","rule":"no-games","reason":"No games here.",)j"
      R"j("rules":[{"rule":"no-posts","matched":false,"conditions":[{"condition":"method",)j"
      R"j("wanted":"POST","actual":"GET","matched":false}]},)j"
      R"j({"rule":"no-games","matched":true,"conditions":[{"condition":"category",)j"
      R"j("wanted":"games","actual":"games","matched":true},{"condition":"not_user",)j"
      R"j("wanted":"alice","actual":"(none)","matched":true}]}]}]})j"
      "\n";
  EXPECT_EQ(explanation_json(explanation), json);
}

TEST(ExplainText, AllStagesOfWhatIsAllowed) {
  const auto policy = policy_of(kPolicy);
  const auto explanation = explain_all(*policy, facts_of(*policy, "b.test", "https://b.test/"));
  EXPECT_EQ(explanation_text(explanation), R"(GET https://b.test/
client 192.0.2.7

connect: intercept by rule 'open'
  + open: always
request: allow by rule 'rest'
  - no-posts: method [POST] does not match GET
  - no-games: category [games] does not match (none)
  - ours: host [old.test] does not match b.test
  + rest: always
response: allow by rule 'rest', profile 'quick'
  + rest: always
verdict: allow by rule 'rest'
  - bad: verdict [malicious] does not match clean
  + rest: always

=> verdict: allow by rule 'rest'
)");
}

TEST(ExplainText, ACertificateHasItsOwnStep) {
  const auto policy = policy_of(kPolicy);
  Facts facts = facts_of(*policy, "old.test", "https://old.test/");
  facts.certificate_error = "expired";
  const auto accepted = explain_all(*policy, facts);
  ASSERT_EQ(accepted.steps.size(), 5U);
  EXPECT_EQ(accepted.steps[1].decision.rule, "rest");
  EXPECT_EQ(accepted.steps[2].name, "certificate");
  EXPECT_EQ(accepted.steps[2].decision.action, Action::alert);
  facts.certificate_error = "weak";
  const auto refused = explain_all(*policy, facts);
  ASSERT_EQ(refused.steps.size(), 3U);
  EXPECT_EQ(refused.decision().rule, "certificate");
  EXPECT_EQ(refused.decision().action, Action::block);
}

TEST(ExplainText, PlainHttpHasNoConnectStage) {
  const auto policy = policy_of(kPolicy);
  Facts facts = facts_of(*policy, "b.test", "http://b.test/");
  facts.scheme = "http";
  facts.tls = false;
  EXPECT_EQ(explain_all(*policy, facts).steps.front().name, "request");
}

TEST(ExplainText, RemoteTextIsEscaped) {
  const auto policy = policy_of(
      "request:\n  - {name: x, when: {user_agent: a}, action: block}\n"
      "  - {name: rest, action: allow}\n");
  Facts facts = facts_of(*policy, "b.test", "https://b.test/");
  facts.user_agent = "\x1b[31m\nforged";
  const std::string text = explanation_text(explain_all(*policy, facts));
  EXPECT_NE(text.find("\\x1b[31m\\nforged"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace weir
