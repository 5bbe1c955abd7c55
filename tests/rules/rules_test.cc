// The rules that ship: each compiles, describes itself, matches its sample and not its near miss,
// and no sample sets off a rule that has nothing to do with it.
#include <gtest/gtest.h>
#include <yara.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "tests/rules/samples.h"

namespace weir {
namespace {

struct DestroyCompiler {
  void operator()(YR_COMPILER* compiler) const { yr_compiler_destroy(compiler); }
};
struct DestroyRules {
  void operator()(YR_RULES* rules) const { yr_rules_destroy(rules); }
};
struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using Rules = std::unique_ptr<YR_RULES, DestroyRules>;

void on_compiler_message(int, const char* file, int line, const YR_RULE*, const char* message,
                         void*) {
  ADD_FAILURE() << (file == nullptr ? "" : file) << ":" << line << ": " << message;
}

Rules compile() {
  YR_COMPILER* raw = nullptr;
  EXPECT_EQ(yr_compiler_create(&raw), ERROR_SUCCESS);
  const std::unique_ptr<YR_COMPILER, DestroyCompiler> compiler(raw);
  yr_compiler_set_callback(raw, on_compiler_message, nullptr);
  for (const auto& entry : std::filesystem::directory_iterator(WEIR_SOURCE_DIR "/conf/rules")) {
    if (entry.path().extension() != ".yar") continue;
    const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(entry.path().c_str(), "re"));
    EXPECT_EQ(yr_compiler_add_file(raw, file.get(), nullptr, entry.path().c_str()), 0);
  }
  YR_RULES* rules = nullptr;
  EXPECT_EQ(yr_compiler_get_rules(raw, &rules), ERROR_SUCCESS);
  return Rules(rules);
}

using Names = std::set<std::string>;

int note_match(YR_SCAN_CONTEXT*, int message, void* data, void* user) {
  if (message == CALLBACK_MSG_RULE_MATCHING) {
    static_cast<Names*>(user)->insert(static_cast<YR_RULE*>(data)->identifier);
  }
  return CALLBACK_CONTINUE;
}

class RulesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { yr_initialize(); }
  static void TearDownTestSuite() { yr_finalize(); }

  Names matches(const std::string& text) const {
    Names names;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    EXPECT_EQ(yr_rules_scan_mem(rules_.get(), bytes, text.size(), 0, note_match, &names, 10),
              ERROR_SUCCESS);
    return names;
  }

  const Rules rules_ = compile();
};

std::vector<RuleSample> all_samples() {
  std::vector<RuleSample> all;
  for (const auto& samples :
       {launcher_samples(), web_shell_samples(), reverse_shell_samples(), page_samples(),
        document_samples(), extortion_samples(), shipped_first_samples()}) {
    all.insert(all.end(), samples.begin(), samples.end());
  }
  return all;
}

TEST_F(RulesTest, MatchTheirSampleAndNotTheirNearMiss) {
  for (const RuleSample& sample : all_samples()) {
    EXPECT_TRUE(matches(sample.match).contains(sample.rule)) << sample.rule;
    EXPECT_FALSE(matches(sample.miss).contains(sample.rule)) << sample.rule;
  }
}

TEST_F(RulesTest, EachHasASampleAndANearMiss) {
  Names tested;
  for (const RuleSample& sample : all_samples()) {
    EXPECT_FALSE(sample.match.empty() || sample.miss.empty()) << sample.rule;
    tested.insert(sample.rule);
  }
  Names shipped;
  YR_RULE* rule = nullptr;
  yr_rules_foreach(rules_.get(), rule) { shipped.insert(rule->identifier); }
  EXPECT_EQ(tested, shipped);
}

// A rule says what it is for, who made it, and nothing that leads to the network.
TEST_F(RulesTest, DescribeThemselves) {
  YR_RULE* rule = nullptr;
  yr_rules_foreach(rules_.get(), rule) {
    std::map<std::string, std::string> meta;
    YR_META* one = nullptr;
    yr_rule_metas_foreach(rule, one) {
      meta[one->identifier] = one->string == nullptr ? "" : one->string;
    }
    EXPECT_GT(meta["description"].size(), 20U) << rule->identifier;
    EXPECT_EQ(meta["author"], "weir") << rule->identifier;
    EXPECT_FALSE(meta.contains("reference")) << rule->identifier;
    if (meta.contains("verdict")) EXPECT_EQ(meta["verdict"], "suspicious") << rule->identifier;
  }
}

TEST_F(RulesTest, LeaveOtherThingsAlone) {
  for (const std::string& text :
       {std::string("#!/bin/sh\necho hello\n"), std::string("<html><form><input type=password>"),
        std::string("<?php echo htmlspecialchars($_POST['name']); mail($to, 'x', 'y');"),
        std::string(WEIR_SOURCE_DIR), std::string(5000, ' ')}) {
    EXPECT_EQ(matches(text), Names{}) << text;
  }
}

}  // namespace
}  // namespace weir
