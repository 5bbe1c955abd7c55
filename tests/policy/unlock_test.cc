#include <gtest/gtest.h>

#include <fstream>

#include "tests/policy/policy_text.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

TEST(UnlockPolicy, HasDefaults) {
  const auto policy = policy_of("");
  const UnlockRules& rules = policy->unlock();
  EXPECT_TRUE(rules.passwords.empty());
  EXPECT_TRUE(rules.page_words);
  EXPECT_EQ(rules.tries, 3U);
  EXPECT_EQ(rules.try_time, milliseconds(60'000));
  EXPECT_EQ(rules.keep, milliseconds(600'000));
}

TEST(UnlockPolicy, ReadsEveryKeyAndLists) {
  const std::string folder = testing::TempDir();
  std::ofstream(folder + "/words.txt") << "# ours\ninfected\nsecret # and more\ninfected\n";
  const auto policy = policy_of(
      "unlock: {passwords: [first, '@words.txt'], page_words: false, tries: 0, try_time: 5s, "
      "keep: 1h}\n",
      folder + "/policy.yaml");
  const UnlockRules& rules = policy->unlock();
  EXPECT_EQ(rules.passwords, (std::vector<std::string>{"first", "infected", "secret"}));
  EXPECT_FALSE(rules.page_words);
  EXPECT_EQ(rules.tries, 0U);
  EXPECT_EQ(rules.try_time, milliseconds(5'000));
  EXPECT_EQ(rules.keep, milliseconds(3'600'000));
}

TEST(UnlockPolicy, BadOnesAreNamed) {
  struct Row {
    std::string text, want;
  };
  const std::string longest(129, 'x');
  std::string many = "unlock: {passwords: [";
  for (int i = 0; i < 41; ++i) many += "p" + std::to_string(i) + ",";
  const Row rows[] = {
      {"unlock: {trys: 3}\n", "policy.yaml:2:10: "},
      {"unlock: {tries: 21}\n", "tries"},
      {"unlock: {try_time: 10ms}\n", "try_time"},
      {"unlock: {keep: 1s}\n", "keep"},
      {"unlock: {page_words: maybe}\n", "page_words"},
      {"unlock: {passwords: ['@nothing.txt']}\n", "list cannot be read"},
      {"unlock: {passwords: [" + longest + "]}\n", "1 to 128 bytes"},
      {many + "]}\n", "at most 40 passwords"},
      {"request: [{name: all, action: unlock}]\n", "not for the request stage"},
  };
  for (const Row& row : rows) {
    const std::string said = problems_of(row.text);
    EXPECT_NE(said.find(row.want), std::string::npos) << row.text << said;
  }
  EXPECT_EQ(problems_of("unlock: {passwords: [" + longest + "]}\n").find(longest),
            std::string::npos);
}

TEST(UnlockPolicy, IsAnActionOfTheVerdictStageThatKeepsTheFile) {
  const auto policy = policy_of(
      "verdict: [{name: locked, when: {reason: encrypted}, action: unlock}, "
      "{name: rest, action: allow}]\n");
  Facts facts;
  facts.verdict = Verdict::uninspectable;
  facts.reason = Reason::encrypted;
  const Decision ruling = policy->decide(Stage::verdict, facts);
  EXPECT_EQ(ruling.action, Action::unlock);
  EXPECT_FALSE(releases(ruling.action));
}

}  // namespace
}  // namespace weir
