#include "sandbox_client/hunt.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/sandbox_client/samples.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

std::string sha(int n) { return sha256_hex(as_bytes(std::to_string(n))); }

class HuntTest : public testing::Test {
 protected:
  HuntTest() {
    HistoryOptions options;
    options.segment_rows = 100;  // several files
    history_ = *History::open(folder_ / "history", options, clock_);
    for (int n = 0; n < 1000; ++n) {
      DeliveryRecord one;
      one.time = clock_.wall();
      one.event_id = std::to_string(n);
      one.host = "h" + std::to_string(n % 20) + ".test";
      one.url = "https://" + one.host + "/" + std::to_string(n);
      one.sha256 = sha(n % 50);
      EXPECT_TRUE(history_->append(one));
      if (n % 50 == 0) history_->flush();
      clock_.advance(1s);
    }
    history_->flush();
  }
  std::map<std::string, int> found(const HuntQuestions& questions) {
    std::map<std::string, int> counts;
    const auto result =
        hunt(*history_, questions, [&](const DeliveryRecord&, std::string_view why) {
          ++counts[std::string(why)];
          return true;
        });
    EXPECT_TRUE(result) << result.error().what;
    complete_ = result && result->complete;
    return counts;
  }

  TempFolder folder_;
  ManualClock clock_;
  std::unique_ptr<History> history_;
  bool complete_ = false;
};

TEST_F(HuntTest, FindsEveryRowForEachReason) {
  HuntQuestions questions;
  std::map<std::string, int> asked;
  questions.hash = [&](const std::string& one) {
    return ++asked[one], one == sha(7) || one == sha(8);
  };
  questions.host = [](const std::string& one) { return one == "h3.test"; };
  questions.url = [](const std::string& one) { return one.ends_with("/999"); };
  EXPECT_EQ(found(questions), (std::map<std::string, int>{{"hash", 40}, {"host", 50}, {"url", 1}}));
  EXPECT_TRUE(complete_);
  EXPECT_EQ(asked.size(), 50u);
}

TEST_F(HuntTest, FindsWhatWasInside) {
  DeliveryRecord zip;
  zip.time = clock_.wall();
  zip.event_id = "zip";
  zip.sha256 = sha(2000);
  zip.inside = {sha(2001), sha(7), sha(7)};
  ASSERT_TRUE(history_->append(zip));
  history_->flush();
  HuntQuestions questions;
  questions.hash = [](const std::string& one) { return one == sha(2001) || one == sha(7); };
  std::map<std::string, int> told;
  const auto result =
      hunt(*history_, questions, [&](const DeliveryRecord& record, std::string_view why) {
        EXPECT_EQ(why, "hash");
        EXPECT_EQ(record.was_inside, record.event_id == "zip");
        return ++told[record.sha256], true;
      });
  ASSERT_TRUE(result) << result.error().what;
  // For each of the two that are bad.
  EXPECT_EQ(told, (std::map<std::string, int>{{sha(7), 20}, {sha(2000), 2}}));
}

TEST_F(HuntTest, KeepsToItsTimeAndItsRows) {
  HuntQuestions questions;
  questions.hash = [](const std::string&) { return true; };
  questions.since = clock_.wall() - 100s;
  EXPECT_EQ(found(questions)["hash"], 100);
  questions.since = {};
  questions.most_rows = 70;
  EXPECT_EQ(found(questions)["hash"], 70);
  EXPECT_FALSE(complete_);
}

TEST_F(HuntTest, TheListenerEndsIt) {
  HuntQuestions questions;
  questions.host = [](const std::string&) { return true; };
  int calls = 0;
  const auto result = hunt(*history_, questions,
                           [&](const DeliveryRecord&, std::string_view) { return ++calls < 5; });
  ASSERT_TRUE(result);
  EXPECT_EQ(calls, 5);
  EXPECT_FALSE(result->complete);
}

TEST_F(HuntTest, NoQuestionsNoAnswers) {
  EXPECT_TRUE(found({}).empty());
  EXPECT_TRUE(complete_);
}

}  // namespace
}  // namespace weir
