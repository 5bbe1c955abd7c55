#include <gtest/gtest.h>

#include "policy/explain_text.h"
#include "tests/policy/policy_text.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using Otherwise = HoldingRules::Otherwise;

TEST(HoldingPolicy, BlocksWhatIsNotKnownUnlessItSaysOtherwise) {
  const HoldingRules rules = policy_of("")->holding();
  EXPECT_EQ(rules.hold_timeout, milliseconds(600'000));
  EXPECT_EQ(rules.on_timeout, Otherwise::block);
  EXPECT_EQ(rules.on_unavailable, Otherwise::block);
  EXPECT_EQ(rules.on_unsupported, Otherwise::release);
  EXPECT_EQ(rules.keep, milliseconds(1'800'000));
  EXPECT_EQ(rules.sign_of_life, milliseconds(15'000));
}

TEST(HoldingPolicy, ReadsEveryKey) {
  const HoldingRules rules =
      policy_of(
          "holding: {hold_timeout: 90s, on_timeout: release, on_unavailable: release, "
          "on_unsupported: block, keep: 1h, sign_of_life: 0s, archives: both, inside_files: 3, "
          "inside_bytes: 1MiB}\n")
          ->holding();
  EXPECT_EQ(rules.hold_timeout, milliseconds(90'000));
  EXPECT_EQ(rules.on_timeout, Otherwise::release);
  EXPECT_EQ(rules.on_unavailable, Otherwise::release);
  EXPECT_EQ(rules.on_unsupported, Otherwise::block);
  EXPECT_EQ(rules.keep, milliseconds(3'600'000));
  EXPECT_EQ(rules.sign_of_life, milliseconds(0));
  EXPECT_EQ(rules.archives, HoldingRules::Archives::both);
  EXPECT_EQ(rules.inside_files, 3U);
  EXPECT_EQ(rules.inside_bytes, 1U << 20);
}

TEST(HoldingPolicy, BadOnesAreNamed) {
  const struct {
    std::string text, want;
  } rows[] = {
      {"holding: {hold_timeout: 0s}\n", "hold_timeout"},
      {"holding: {on_timeout: allow}\n", "on_timeout must be one of block, release"},
      {"holding: {on_timeot: block}\n", "did you mean 'on_timeout'?"},
      {"holding: {archives: all}\n", "archives must be one of inside, whole, both"},
      {"holding: {inside_files: 0}\n", "inside_files"},
      {"holding: [a]\n", "holding must be a map"},
      {"sandbox:\n  - {name: all, action: block}\n", "is not for the sandbox stage"},
      {"sandbox:\n  - {name: some, when: {file_type: elf}, action: hold}\n",
       "the last rule of sandbox must be without conditions"},
      {"sandbox: []\n", "sandbox must be a list of rules"},
      {"verdict:\n  - {name: all, action: hold}\n", "is not for the verdict stage"},
  };
  for (const auto& [text, want] : rows) {
    EXPECT_NE(problems_of(text).find(want), std::string::npos) << text << problems_of(text);
  }
}

TEST(SandboxStage, IsOffWhereNothingIsSaidOfIt) {
  const auto policy = policy_of("");
  const Decision decision = policy->decide(Stage::sandbox, Facts{});
  EXPECT_EQ(decision.action, Action::off);
  EXPECT_EQ(decision.rule, "no-sandbox");
  EXPECT_FALSE(policy->asks_sandboxes());
  EXPECT_TRUE(policy_of("sandbox: [{name: all, action: release}]\n")->asks_sandboxes());
}

TEST(SandboxStage, DecidesByAllThatIsKnown) {
  const auto policy = policy_of(
      "sandbox:\n"
      "  - {name: ours, when: {host: '*.ours.test'}, action: off}\n"
      "  - {name: programs, when: {file_family: executable, first_seen_here: '<24h'}, action: "
      "hold}\n"
      "  - {name: doubtful, when: {score: '>=20'}, action: release}\n"
      "  - {name: rest, action: off}\n");
  Facts facts;
  facts.host = "new.test";
  facts.file_family = "executable";
  facts.seen_since = 60;
  EXPECT_EQ(policy->decide(Stage::sandbox, facts).action, Action::hold);
  facts.host = "www.ours.test";
  EXPECT_EQ(policy->decide(Stage::sandbox, facts).rule, "ours");
  facts.host = "old.test";
  facts.seen_since.reset();
  EXPECT_EQ(policy->decide(Stage::sandbox, facts).rule, "rest");
  facts.score = 30;
  EXPECT_EQ(policy->decide(Stage::sandbox, facts).action, Action::release);
}

// The stage is walked only where the verdict lets the file go, and is told only where it does
// something.
TEST(SandboxStage, IsPartOfAnExplanation) {
  const auto policy = policy_of(
      "verdict:\n  - {name: bad, when: {verdict: malicious}, action: block}\n"
      "  - {name: rest, action: allow}\n"
      "sandbox:\n  - {name: programs, when: {file_type: elf}, action: hold}\n"
      "  - {name: rest, action: off}\n");
  Facts facts;
  facts.scheme = "http";
  facts.file_type = "elf";
  EXPECT_EQ(explain_all(*policy, facts).steps.back().decision.action, Action::hold);
  facts.verdict = Verdict::malicious;
  EXPECT_EQ(explain_all(*policy, facts).steps.back().decision.action, Action::block);
  facts.verdict = Verdict::clean;
  facts.file_type = "pdf";
  EXPECT_EQ(explain_all(*policy, facts).steps.back().name, "verdict");
}

TEST(SandboxStage, HasTestsOfItsOwn) {
  const std::string rules =
      "sandbox:\n  - {name: programs, when: {file_type: elf, not_sandbox: any}, action: hold}\n"
      "  - {name: rest, action: off}\n"
      "tests:\n  - {get: 'http://a.test/', file_type: elf, expect: hold, stage: sandbox}\n";
  int passed = 0;
  EXPECT_EQ(all_text(policy_of(rules)->self_test(passed)), "");
  const std::string seen =
      "  - {get: 'http://a.test/', file_type: elf, sandbox: clean, expect: off, stage: sandbox}\n";
  EXPECT_EQ(all_text(policy_of(rules + seen)->self_test(passed)), "");
  EXPECT_EQ(passed, 2);
}

}  // namespace
}  // namespace weir
