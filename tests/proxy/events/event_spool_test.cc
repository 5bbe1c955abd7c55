#include "proxy/events/event_spool.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace weir {
namespace {

class EventSpoolTest : public testing::Test {
 protected:
  EventSpoolTest() {
    char name[] = "/tmp/weir-spool-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~EventSpoolTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<EventSpool> open(std::uint64_t most = 1U << 30) {
    auto opened = EventSpool::open(folder_ + "/spool", most);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().what);
    return opened ? std::move(*opened) : nullptr;
  }
  std::size_t segments() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/spool")) {
      count += entry.path().extension() == ".lines";
    }
    return count;
  }
  static std::string all(EventSpool& spool, std::size_t most = 64) {
    std::string out;
    for (;;) {
      const auto some = spool.read(most);
      EXPECT_TRUE(some);
      if (!some || some->empty()) return out;
      EXPECT_TRUE(some->ends_with('\n'));
      out += *some;
    }
  }

  std::string folder_;
};

TEST_F(EventSpoolTest, ReadsWholeLinesInOrder) {
  auto spool = open();
  EXPECT_EQ(*spool->read(64), "");
  ASSERT_TRUE(spool->append("one\ntwo\n"));
  ASSERT_TRUE(spool->append("three\n"));
  EXPECT_EQ(*spool->read(9), "one\ntwo\n");
  EXPECT_EQ(*spool->read(9), "three\n");
  EXPECT_EQ(*spool->read(9), "");
  ASSERT_TRUE(spool->append("four\n"));
  EXPECT_EQ(*spool->read(9), "four\n");
}

TEST_F(EventSpoolTest, ALineLongerThanAskedComes) {
  auto spool = open();
  const std::string line = std::string(5000, 'x') + "\n";
  ASSERT_TRUE(spool->append(line));
  EXPECT_EQ(*spool->read(64), line);
}

TEST_F(EventSpoolTest, RewindsToWhatWasConfirmed) {
  auto spool = open();
  ASSERT_TRUE(spool->append("one\ntwo\nthree\n"));
  EXPECT_EQ(*spool->read(4), "one\n");
  spool->confirm(spool->place());
  EXPECT_EQ(*spool->read(4), "two\n");
  spool->rewind();
  EXPECT_EQ(all(*spool), "two\nthree\n");
  EXPECT_EQ(spool->waiting(), 10U);
}

TEST_F(EventSpoolTest, SurvivesARestartFromWhatWasConfirmed) {
  {
    auto spool = open();
    ASSERT_TRUE(spool->append("one\ntwo\n"));
    EXPECT_EQ(*spool->read(4), "one\n");
    spool->confirm(spool->place());
    EXPECT_EQ(*spool->read(4), "two\n");  // read, but never confirmed
  }
  auto spool = open();
  ASSERT_TRUE(spool->append("three\n"));
  EXPECT_EQ(all(*spool), "two\nthree\n");
}

TEST_F(EventSpoolTest, AnEmptyOneStaysEmptyOverRestarts) {
  for (int round = 0; round < 3; ++round) {
    auto spool = open();
    EXPECT_EQ(all(*spool), "");
    ASSERT_TRUE(spool->append("x\n"));
    EXPECT_EQ(all(*spool), "x\n");
    spool->confirm(spool->place());
    EXPECT_EQ(spool->waiting(), 0U);
  }
}

TEST_F(EventSpoolTest, ALineTornByACrashIsLeftOut) {
  ASSERT_TRUE(open()->append("one\n"));
  {
    std::ofstream torn(folder_ + "/spool/1.lines", std::ios::app);
    torn << "tw";
  }
  auto spool = open();
  ASSERT_TRUE(spool->append("three\n"));
  EXPECT_EQ(all(*spool), "one\nthree\n");
}

TEST_F(EventSpoolTest, TheBoundHoldsAndConfirmingMakesRoom) {
  const std::string line = std::string(1U << 20, 'x').replace((1U << 20) - 1, 1, "\n");
  auto spool = open(3U << 20);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(spool->append(line));
  const auto refused = spool->append("more\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::no_space);
  EXPECT_EQ(spool->waiting(), 3U << 20);
  EXPECT_EQ(spool->read(1U << 20)->size(), line.size());
  EXPECT_EQ(spool->read(1U << 20)->size(), line.size());
  spool->confirm(spool->place());
  EXPECT_EQ(segments(), 2U);
  EXPECT_EQ(spool->waiting(), 1U << 20);
  EXPECT_TRUE(spool->append("more\n"));
  EXPECT_EQ(all(*spool, 1U << 20).size(), line.size() + 5);
}

TEST_F(EventSpoolTest, DamagedPlaceReadsEverythingAgain) {
  {
    auto spool = open();
    ASSERT_TRUE(spool->append("one\n"));
    all(*spool);
    spool->confirm(spool->place());
  }
  std::ofstream(folder_ + "/spool/place") << "what is this";
  auto spool = open();
  EXPECT_EQ(all(*spool), "one\n");
}

}  // namespace
}  // namespace weir
