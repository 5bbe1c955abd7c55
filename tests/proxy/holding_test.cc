#include "proxy/holding.h"

#include <gtest/gtest.h>

#include "proxy/transaction_facts.h"
#include "proxy/wait_page.h"
#include "tests/policy/policy_text.h"

namespace weir {
namespace {

using std::chrono::seconds;

SandboxVerdict verdict_of(Verdict verdict, std::string title = {}) {
  SandboxVerdict said;
  said.verdict = verdict;
  said.reason = Reason::none;
  said.engine = "local";
  said.score = 90;
  said.title = std::move(title);
  return said;
}

// What the verdict stage makes of an answer to a file that it let go before.
Decision ruling_on(const SandboxVerdict& said, const std::string& holding, Action asked,
                   Assessment& found) {
  static const std::string kRules =
      "verdict:\n"
      "  - {name: bad, when: {verdict: malicious}, action: block}\n"
      "  - {name: seen-clean, when: {sandbox: clean}, action: allow}\n"
      "  - {name: doubtful, when: {verdict: suspicious}, action: alert}\n"
      "  - {name: rest, action: allow}\n";
  const auto policy = policy_of("holding: {" + holding + "}\n" + kRules);
  TransactionFacts facts;
  HeldFor held;
  held.asked = {asked, Stage::sandbox, "programs", "why", nullptr};
  held.before = {Action::allow, Stage::verdict, "rest", {}, nullptr};
  Decision ruling = rule_with_sandbox(*policy, facts, found, std::string(64, 'a'), held, said);
  // The names die with the policy.
  static const std::string kNames[] = {"bad", "seen-clean", "doubtful", "rest", "programs"};
  for (const std::string& name : kNames) {
    if (ruling.rule == name) ruling.rule = name;
  }
  return ruling;
}

TEST(Holding, WhatASandboxSaysIsRuledOnAgain) {
  const struct {
    SandboxVerdict said;
    std::string holding;
    Action asked, want;
    std::string_view rule;
    Verdict verdict;
  } rows[] = {
      {verdict_of(Verdict::clean), "", Action::hold, Action::allow, "seen-clean", Verdict::clean},
      {verdict_of(Verdict::suspicious), "", Action::hold, Action::alert, "doubtful",
       Verdict::suspicious},
      {verdict_of(Verdict::malicious), "", Action::hold, Action::block, "bad", Verdict::malicious},
      {verdict_of(Verdict::malicious), "", Action::release, Action::block, "bad",
       Verdict::malicious},
      // No answer: blocked by the rule that asked, whatever the verdict stage lets go.
      {no_answer(Reason::timeout, "late"), "", Action::hold, Action::block, "programs",
       Verdict::uninspectable},
      {no_answer(Reason::engine_down, "gone"), "", Action::hold, Action::block, "programs",
       Verdict::uninspectable},
      {no_answer(Reason::crashed, "failed"), "", Action::hold, Action::block, "programs",
       Verdict::uninspectable},
      {no_answer(Reason::unsupported, "pe"), "", Action::hold, Action::alert, "rest",
       Verdict::clean},
      {no_answer(Reason::too_large, "big"), "", Action::hold, Action::alert, "rest",
       Verdict::clean},
      {no_answer(Reason::unsupported, "pe"), "on_unsupported: block", Action::hold, Action::block,
       "programs", Verdict::uninspectable},
      {no_answer(Reason::timeout, "late"), "on_timeout: release", Action::hold, Action::alert,
       "rest", Verdict::clean},
      {no_answer(Reason::engine_down, "gone"), "on_unavailable: release", Action::hold,
       Action::alert, "rest", Verdict::clean},
      {no_answer(Reason::engine_down, "gone"), "", Action::release, Action::allow, "rest",
       Verdict::clean},
  };
  for (const auto& row : rows) {
    Assessment found;
    const Decision got = ruling_on(row.said, row.holding, row.asked, found);
    const std::string what = std::string(verdict_name(row.said.verdict)) + " " +
                             std::string(reason_name(row.said.reason)) + " " + row.holding;
    EXPECT_EQ(got.action, row.want) << what;
    EXPECT_EQ(got.rule, row.rule) << what;
    EXPECT_EQ(found.verdict(), row.verdict) << what;
  }
}

TEST(Holding, AFindingNamesTheEngine) {
  const auto finding = finding_of(verdict_of(Verdict::malicious, "shell-on-socket"));
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->scanner, Scanner::sandbox);
  EXPECT_EQ(finding->name, "shell-on-socket");
  EXPECT_EQ(finding->detail, "engine local, score 90");
  EXPECT_FALSE(finding_of(verdict_of(Verdict::clean)));
}

TEST(Holding, APageIsForAPersonWhoLooks) {
  const struct {
    std::vector<std::pair<std::string, std::string>> fields;
    bool want;
  } rows[] = {
      {{}, false},
      {{{"sec-fetch-mode", "navigate"}, {"sec-fetch-dest", "document"}}, true},
      {{{"sec-fetch-mode", "navigate"}, {"sec-fetch-dest", "iframe"}}, false},
      {{{"sec-fetch-mode", "cors"}, {"sec-fetch-dest", "empty"}}, false},
      {{{"user-agent", "Mozilla/5.0"},
        {"accept", "text/html,*/*;q=0.8"},
        {"upgrade-insecure-requests", "1"}},
       true},
      {{{"user-agent", "Mozilla/5.0"}, {"accept", "text/html"}}, false},
      {{{"user-agent", "curl/8"}, {"accept", "text/html"}, {"upgrade-insecure-requests", "1"}},
       false},
  };
  for (const auto& row : rows) {
    RequestHead request;
    request.method = "GET";
    for (const auto& [name, value] : row.fields) request.fields.add(name, value);
    EXPECT_EQ(is_navigation(request), row.want)
        << (row.fields.empty() ? "" : row.fields.back().second);
  }
}

TEST(Holding, OnlyProgramsThatAreKnownForItHear102) {
  const struct {
    std::string agent;
    bool want;
  } rows[] = {{"curl/8.1", true},
              {"Mozilla/5.0 (X11)", true},
              {"Wget/1.21", true},
              {"python-requests/2.31", false},
              {"Go-http-client/1.1", false},
              {"", false}};
  for (const auto& [agent, want] : rows) {
    RequestHead request;
    if (!agent.empty()) request.fields.add("user-agent", agent);
    EXPECT_EQ(understands_processing(request), want) << agent;
  }
}

TEST(WaitPage, SaysHowItGoes) {
  EXPECT_EQ(wait_text(seconds(12), {}, "en"), "Checked for 12 s so far.");
  EXPECT_EQ(wait_text(seconds(12), seconds(39), "en"),
            "Checked for 12 s so far; files like this usually take about 40 s.");
  EXPECT_NE(wait_text(seconds(12), seconds(39), "ja").find("経過時間: 12秒"), std::string::npos);
}

TEST(WaitPage, HostileNamesStayText) {
  WaitPage page;
  page.id = "0123";
  page.view.name = "<script>alert(1)</script>.sh";
  page.view.state.phase = KeptState::Phase::waiting;
  const Page out = render_wait(page, "en", {});
  EXPECT_EQ(out.body.find("<script>alert"), std::string::npos);
  EXPECT_NE(out.body.find("EventSource"), std::string::npos);
  EXPECT_NE(out.head.fields.get("content-security-policy").find("script-src 'sha256-"),
            std::string::npos);
  page.view.state.phase = KeptState::Phase::refused;
  page.view.state.verdict = Verdict::malicious;
  page.view.state.threat = "\"><img>";
  const Page refused = render_wait(page, "en", {});
  EXPECT_EQ(refused.body.find("<img>"), std::string::npos);
  EXPECT_EQ(refused.body.find("EventSource"), std::string::npos);
  EXPECT_EQ(refused.head.fields.get("content-security-policy").find("script-src"),
            std::string::npos);
}

}  // namespace
}  // namespace weir
