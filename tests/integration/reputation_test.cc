// What feeds list is refused before anything is fetched, and the event says who listed it.
#include <gtest/gtest.h>

#include "tests/integration/scripted_gateway.h"
#include "tests/support/index_of.h"

namespace weir::test {
namespace {

constexpr const char* kPolicy = R"(
network: {http_ports: [80], open_addresses: []}
categories: {gambling: []}
connect: [{name: open, action: intercept}]
request:
  - {name: betting, when: {category: gambling}, action: block}
  - {name: sure, when: {reputation: [malware, phishing, deny], confidence: '>=75'}, action: block}
  - {name: unsure, when: {reputation: any}, action: alert}
  - {name: rest, action: allow}
response: [{name: all, action: allow}]
verdict: [{name: all, action: allow}]
)";

class ReputationTest : public testing::Test {
 protected:
  Reply get(const std::vector<ListedIn>& listed, const std::string& path = "/x") {
    gateway_.use_index(index_of(listed));
    gateway_.origin_says(answer("fine"));
    return gateway_.get(path);
  }
  ScriptedGateway gateway_{kPolicy};
};

TEST_F(ReputationTest, AListedHostIsRefusedAndNothingDialled) {
  const Reply reply = get({{.value = "origin.test", .source = "urlhaus", .note = "Mozi"}});
  EXPECT_EQ(reply.status, 403);
  EXPECT_EQ(reply.field("x-weir-rule"), "sure");
  EXPECT_NE(reply.body.find("listed by urlhaus as malware: origin.test"), std::string::npos)
      << reply.body;
  EXPECT_TRUE(gateway_.dialer.dialed.empty());
  const Event event = gateway_.event();
  EXPECT_NE(event.line().find("\"reputation\":[{\"source\":\"urlhaus\",\"threat\":\"malware\","
                              "\"matched\":\"origin.test\",\"note\":\"Mozi\",\"confidence\":80}]"),
            std::string::npos)
      << event.line();
}

TEST_F(ReputationTest, AListedUrlAndNoOtherOfItsHost) {
  const std::vector<ListedIn> listed{
      {.kind = IndicatorKind::url, .value = "http://origin.test/bad.exe"}};
  EXPECT_EQ(get(listed, "/bad.exe").status, 403);
  EXPECT_EQ(get(listed, "/%62ad.exe?x=1").status, 403);
  EXPECT_EQ(get(listed, "/good.exe").status, 200);
}

TEST_F(ReputationTest, AnUnsureFeedIsAnAlert) {
  EXPECT_EQ(get({{.value = "origin.test", .confidence = 40}}).status, 200);
  EXPECT_EQ(gateway_.event().at("unmapped.weir.action"), "alert");
}

TEST_F(ReputationTest, WhatPeopleHereAllowPasses) {
  EXPECT_EQ(get({{.value = "origin.test"},
                 {.value = "origin.test", .source = "local", .threat = Threat::allow}})
                .status,
            200);
  EXPECT_EQ(gateway_.event().at("unmapped.weir.action"), "allow");
}

TEST_F(ReputationTest, ACategoryOfAFeedIsOneOfThePolicy) {
  const Reply reply =
      get({{.value = "origin.test", .threat = Threat::category, .category = "gambling"}});
  EXPECT_EQ(reply.field("x-weir-rule"), "betting");
}

TEST_F(ReputationTest, UnlistedHostsAreNotTouched) {
  EXPECT_EQ(get({{.value = "other.test"}}).status, 200);
  EXPECT_EQ(gateway_.event().line().find("\"reputation\""), std::string::npos);
}

}  // namespace
}  // namespace weir::test
