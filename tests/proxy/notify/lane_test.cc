#include "proxy/notify/lane.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace weir {
namespace {

using namespace std::chrono_literals;

Notice notice(const std::string& message) {
  Notice one;
  one.kind = Notice::Kind::finding;
  one.time = WallTime(1'800'000'000'000ms);
  one.severity = 4;
  one.what = "patient-zero";
  one.message = message;
  one.details = {{"kind", "hash"}, {"note", ""}};
  one.receipts = {{{"client", "10.0.0.5"}, {"user", "al\nice"}}};
  return one;
}

class LaneTest : public testing::Test {
 protected:
  LaneTest() {
    std::filesystem::create_directories(folder_);
    reopen();
  }
  ~LaneTest() override { std::filesystem::remove_all(folder_); }
  void reopen() {
    lane_.reset();
    outbox_.reset();
    auto opened = Outbox::open(folder_ + "/notices.sqlite", clock_);
    ASSERT_TRUE(opened) << opened.error().what;
    outbox_ = std::move(*opened);
    lane_ = std::make_unique<Lane>(
        "webhook", [this](const Parcel& parcel) { return answer(parcel); }, 24h,
        Lane::Parts{*outbox_, clock_, random_, metrics_, log_});
  }
  Result<> answer(const Parcel& parcel) {
    ++tries_;
    if (down_ || parcel.subject.ends_with("poison")) {
      return fail(Errc::refused, Fault::helper, "no");
    }
    sent_.push_back(parcel.subject);
    return {};
  }
  void put(const std::string& message) {
    ASSERT_TRUE(outbox_->put(notice(message), {"webhook", "mail"}));
  }
  // Goes on until nothing is due within `most`.
  void run(Duration most) {
    const SteadyTime end = clock_.steady() + most;
    while (clock_.steady() < end) {
      const Duration rest = lane_->step();
      clock_.advance(std::max<Duration>(rest, 1ms));
    }
  }

  const std::string folder_ = testing::TempDir() + "weir_lane_" + std::to_string(::getpid());
  ManualClock clock_;
  SystemRandom random_;
  Metrics metrics_;
  Log log_{-1, LogLevel::error, clock_};
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Lane> lane_;
  bool down_ = false;
  unsigned tries_ = 0;
  std::vector<std::string> sent_;
};

TEST_F(LaneTest, SendsInOrderAndOnce) {
  for (const char* message : {"one", "two", "three"}) put(message);
  run(5min);
  const std::vector<std::string> want = {"[weir] high: one", "[weir] high: two",
                                         "[weir] high: three"};
  EXPECT_EQ(sent_, want);
  EXPECT_EQ(outbox_->waiting("webhook"), 0U);
  EXPECT_EQ(outbox_->waiting("mail"), 3U);
}

TEST_F(LaneTest, RestsLongerWhileTheServerIsDown) {
  down_ = true;
  for (int i = 0; i < 20; ++i) put("n" + std::to_string(i));
  run(1h);
  EXPECT_GT(tries_, 8U);
  EXPECT_LT(tries_, 30U);  // not twenty each time
  down_ = false;
  run(1h);
  EXPECT_EQ(sent_.size(), 20U);
}

TEST_F(LaneTest, OneThatIsAlwaysRefusedDoesNotKeepTheOthersAndIsGivenUp) {
  put("poison");
  for (int i = 0; i < 5; ++i) put("n" + std::to_string(i));
  run(10min);
  EXPECT_EQ(sent_.size(), 5U);
  EXPECT_EQ(outbox_->waiting("webhook"), 1U);
  run(25h);
  EXPECT_EQ(outbox_->waiting("webhook"), 0U);
  EXPECT_NE(metrics_.exposition().find("weir_notices_given_up_total{outlet=\"webhook\"} 1"),
            std::string::npos);
}

TEST_F(LaneTest, WhatWaitsSurvivesAndIsDueAtOnce) {
  down_ = true;
  put("kept");
  run(30min);
  down_ = false;
  reopen();
  lane_->step();
  EXPECT_EQ(sent_, std::vector<std::string>{"[weir] high: kept"});
}

TEST_F(LaneTest, WithoutAnythingItLooksNowAndThen) { EXPECT_EQ(lane_->step(), 1min); }

TEST(NoticeText, SaysWhoAndForgesNoLines) {
  Notice bad = notice("a\nb");
  EXPECT_EQ(notice_subject(bad).find('\n'), std::string::npos);
  const std::string text = notice_text(bad);
  EXPECT_NE(text.find("  client: 10.0.0.5, user: al\\nice\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("note:"), std::string::npos) << text;
}

}  // namespace
}  // namespace weir
