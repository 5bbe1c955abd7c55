#include "feeds/reputation.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Words = std::vector<std::string_view>;

Hit hit(std::string_view source, Threat threat, std::uint8_t confidence = 50,
        std::string_view category = {}) {
  Hit made;
  made.source = source;
  made.threat = threat;
  made.confidence = confidence;
  made.category = category;
  return made;
}

struct Row {
  const char* name;
  Hits hits;
  Words threats, sources;
  unsigned confidence = 0;
  Words categories{};
};

class ReputationTable : public testing::TestWithParam<Row> {};

TEST_P(ReputationTable, CountsWhatCounts) {
  const Row& row = GetParam();
  const Reputation got = reputation_of(row.hits);
  EXPECT_EQ(got.threats, row.threats);
  EXPECT_EQ(got.sources, row.sources);
  EXPECT_EQ(got.confidence, row.confidence);
  EXPECT_EQ(got.categories, row.categories);
  EXPECT_EQ(got.listed(), !row.threats.empty());
}

const Row kRows[] = {
    {"Nothing", {}, {}, {}},
    {"OneFeed", {hit("a", Threat::phishing, 70)}, {"phishing"}, {"a"}, 70},
    {"TheSurestOfSeveral",
     {hit("a", Threat::phishing, 70), hit("b", Threat::phishing, 90), hit("b", Threat::c2, 10)},
     {"phishing", "c2"},
     {"a", "b"},
     90},
    {"ACategoryIsNoThreat", {hit("a", Threat::category, 90, "gambling")}, {}, {}, 0, {"gambling"}},
    {"AnExceptionOfTheSameFeed", {hit("a", Threat::malware), hit("a", Threat::allow)}, {}, {}},
    {"AnExceptionOfAnotherFeed",
     {hit("a", Threat::malware, 60), hit("b", Threat::allow)},
     {"malware"},
     {"a"},
     60},
    {"PeopleHereAllowIt",
     {hit("a", Threat::malware), hit("b", Threat::c2), hit("local", Threat::allow)},
     {},
     {}},
    {"PeopleHereDenyIt",
     {hit("local", Threat::deny, 100), hit("local", Threat::allow)},
     {"deny"},
     {"local"},
     100},
    {"AllowedButACategory",
     {hit("local", Threat::allow), hit("a", Threat::category, 90, "news")},
     {},
     {},
     0,
     {"news"}},
};
INSTANTIATE_TEST_SUITE_P(Table, ReputationTable, testing::ValuesIn(kRows),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace weir
