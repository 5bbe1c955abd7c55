#include "sandbox_client/history.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "sandbox_client/millis.h"
#include "tests/sandbox_client/samples.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

std::string sha(int n) { return sha256_hex(as_bytes(std::to_string(n))); }

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() { reopen(); }
  void reopen() {
    history_.reset();
    auto opened = History::open(folder_ / "history", options_, clock_);
    ASSERT_TRUE(opened) << opened.error().what;
    history_ = std::move(*opened);
  }
  // One a second, ten clients, five hosts, a file in every other.
  DeliveryRecord next() {
    DeliveryRecord one;
    const std::string n = std::to_string(n_);
    one.time = clock_.wall();
    one.event_id = "event-" + n;
    one.client = "10.0.0." + std::to_string(n_ % 10);
    one.user = n_ % 3 == 0 ? "alice" : "";
    one.domain = "example" + std::to_string(n_ % 5) + ".test";
    one.host = "www." + one.domain;
    one.url = "https://" + one.host + "/file_" + n + "?q=100%";
    if (n_ % 2 == 0) one.sha256 = sha(n_ % 100), one.file_name = "file_" + n + ".exe";
    one.action = "allow";
    one.verdict = n_ % 7 == 0 ? "suspicious" : "clean";
    ++n_;
    clock_.advance(1s);
    return one;
  }
  void add(int count) {
    for (int i = 0; i < count; ++i) EXPECT_TRUE(history_->append(next()));
    history_->flush();
  }
  std::vector<std::string> events(const HistoryFilter& filter, std::size_t page_size = 100) {
    std::vector<std::string> all;
    HistoryPage page{page_size, 0};
    do {
      const auto some = history_->search(filter, page);
      EXPECT_TRUE(some) << some.error().what;
      if (!some) break;
      for (const auto& row : some->rows) all.push_back(row.event_id.substr(6));
      page.before = some->next;
    } while (page.before != 0);
    return all;
  }
  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "history")) {
      count += entry.path().extension() == ".sqlite";
    }
    return count;
  }

  TempFolder folder_;
  HistoryOptions options_;
  ManualClock clock_;
  int n_ = 0;
  std::unique_ptr<History> history_;
};

TEST_F(HistoryTest, KeepsEveryFieldAndSurvivesARestart) {
  const DeliveryRecord one = next();
  ASSERT_TRUE(history_->append(one));
  reopen();  // closing writes
  const auto rows = history_->by_hash(one.sha256);
  ASSERT_TRUE(rows) << rows.error().what;
  ASSERT_EQ(rows->rows.size(), 1u);
  EXPECT_EQ(rows->rows[0], one);
  EXPECT_EQ(rows->next, 0);
  add(1);  // into the same file
  EXPECT_EQ(files(), 1u);
}

TEST_F(HistoryTest, AnswersByEveryFilter) {
  const WallTime start = clock_.wall();
  add(200);
  HistoryFilter f;
  EXPECT_EQ(events(f).size(), 200u);
  f = {}, f.sha256 = sha(4);
  EXPECT_EQ(events(f), (std::vector<std::string>{"104", "4"}));
  f = {}, f.host = "www.example1.test", f.client = "10.0.0.6", f.verdict = "suspicious";
  EXPECT_EQ(events(f), (std::vector<std::string>{"196", "126", "56"}));
  f = {}, f.domain = "example1.test";
  EXPECT_EQ(events(f).size(), 40u);
  f = {}, f.user = "alice";
  EXPECT_EQ(events(f).size(), 67u);
  f = {}, f.event_id = "event-17";
  EXPECT_EQ(events(f), std::vector<std::string>{"17"});
  f = {}, f.url_part = "_19";
  EXPECT_EQ(events(f).size(), 11u);  // 19 and 190 to 199; _ is itself
  f = {}, f.url_part = "100%";
  EXPECT_EQ(events(f).size(), 200u);
  f = {}, f.url_part = "100x";
  EXPECT_TRUE(events(f).empty());
  f = {}, f.name_part = "12.exe";
  EXPECT_EQ(events(f), (std::vector<std::string>{"112", "12"}));
  f = {}, f.from = start + 10s, f.to = start + 12s;
  EXPECT_EQ(events(f), (std::vector<std::string>{"12", "11", "10"}));
  f = {}, f.host = "nobody.test";
  EXPECT_TRUE(events(f).empty());
  f = {}, f.sha256 = "'; DROP TABLE deliveries; --";
  EXPECT_TRUE(events(f).empty());
  f = {}, f.host = "' OR 1=1 --";
  EXPECT_TRUE(events(f).empty());
}

TEST_F(HistoryTest, WhatElseAClientDidThen) {
  add(600);
  const WallTime around = clock_.wall() - 300s;
  const auto rows = history_->by_client("10.0.0.3", around, 1min);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->rows.size(), 12u);
  for (const auto& row : rows->rows) {
    EXPECT_EQ(row.client, "10.0.0.3");
    EXPECT_LE(std::chrono::abs(row.time - around), 1min);
  }
}

TEST_F(HistoryTest, PagesGoThroughAllFilesOnce) {
  options_.segment_rows = 25;
  reopen();
  for (int i = 0; i < 9; ++i) add(13);
  EXPECT_GE(files(), 4u);
  for (const std::size_t size : {1u, 7u, 50u, 1000u}) {
    const auto all = events({}, size);
    ASSERT_EQ(all.size(), 117u) << size;
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], std::to_string(116 - i));
  }
  std::set<std::string> hosts, hashes;
  ASSERT_TRUE(history_->each_host([&](const std::string& host) {
    EXPECT_FALSE(history_->by_host(host)->rows.empty());  // a visitor may search
    return hosts.insert(host), true;
  }));
  EXPECT_EQ(hosts.size(), 5u);
  ASSERT_TRUE(
      history_->each_hash([&](const std::string& one) { return hashes.insert(one), true; }));
  EXPECT_EQ(hashes.size(), 50u);
}

TEST_F(HistoryTest, SeveralInOneMillisecondAndAClockThatStepsBack) {
  const DeliveryRecord one = next();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(history_->append(one));
  clock_.set_wall(clock_.wall() - 1h);
  add(3);
  EXPECT_EQ(events({}, 10).size(), 53u);
  EXPECT_EQ(history_->counts().written, 53u);
}

TEST_F(HistoryTest, TheOldestGoByTime) {
  options_.keep = 16min;
  options_.segment_rows = 100;
  reopen();
  for (int i = 0; i < 20; ++i) add(100);
  // 2,000 seconds; a file spans a sixteenth of what is kept.
  const auto all = events({}, 10'000);
  EXPECT_EQ(all.size(), 960u);  // also inside a file that is still there
  EXPECT_LE(files(), 18u);
  clock_.advance(24h);
  EXPECT_TRUE(events({}).empty());
  add(1);
  EXPECT_EQ(files(), 1u);
}

TEST_F(HistoryTest, TheOldestGoBySize) {
  options_.segment_rows = 200;
  options_.max_bytes = 1 << 20;
  reopen();
  for (int i = 0; i < 100; ++i) add(100);
  EXPECT_LE(history_->bytes(), options_.max_bytes + (1 << 20));
  const auto all = events({}, 10'000);
  EXPECT_LT(all.size(), 10'000u);
  EXPECT_GE(all.size(), 200u);
  EXPECT_EQ(all.front(), "9999");
}

TEST_F(HistoryTest, AFullQueueDropsAndCounts) {
  options_.max_queued = 0;
  reopen();
  EXPECT_FALSE(history_->append(next()));
  EXPECT_EQ(history_->counts().dropped, 1u);
}

TEST_F(HistoryTest, ADamagedFileStaysAndIsNamed) {
  add(5);
  history_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "history")) {
    std::ofstream(entry.path()) << "no database at all, but long enough to be looked at";
  }
  reopen();
  EXPECT_NE(history_->counts().last_error.find("history-1.sqlite"), std::string::npos);
  add(5);
  EXPECT_EQ(events({}).size(), 5u);
  EXPECT_EQ(files(), 2u);
}

TEST_F(HistoryTest, RemoteTextIsCutAndNeverBreaksIt) {
  DeliveryRecord one = next();
  one.url = std::string(100'000, 'u');
  one.host = std::string("a\0'\"\xff", 5);
  one.sha256 = "not a hash";
  ASSERT_TRUE(history_->append(one));
  history_->flush();
  const auto rows = history_->by_host(one.host);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->rows.size(), 1u);
  EXPECT_EQ(rows->rows[0].url.size(), 2048u);
  EXPECT_EQ(rows->rows[0].host, one.host);
  EXPECT_EQ(rows->rows[0].sha256, "");
}

TEST_F(HistoryTest, WritersAndReadersAtOnce) {
  options_.segment_rows = 500;
  reopen();
  std::vector<DeliveryRecord> records;
  for (int i = 0; i < 4000; ++i) records.push_back(next());
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t i = t; i < records.size(); i += 4) (void)history_->append(records[i]);
      });
    }
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) EXPECT_TRUE(history_->by_host("www.example1.test"));
      });
    }
  }
  history_->flush();
  EXPECT_EQ(events({}, 10'000).size(), 4000u);
}

// A command beside the gateway, and after its end.
TEST_F(HistoryTest, AnotherOneMayAskWhileItIsWritten) {
  add(250);
  auto other = History::attach(folder_ / "history", options_, clock_);
  ASSERT_TRUE(other) << other.error().what;
  EXPECT_FALSE((*other)->append(next()));
  EXPECT_EQ((*other)->by_host("www.example1.test")->rows.size(), 50u);
  add(10);  // it is not kept from writing
  EXPECT_EQ((*other)->by_host("www.example1.test")->rows.size(), 52u);
  std::size_t hosts = 0;
  ASSERT_TRUE((*other)->each_host([&](const std::string&) { return ++hosts > 0; }));
  EXPECT_GE(hosts, 5u);
  history_.reset();
  other = History::attach(folder_ / "history", options_, clock_);
  ASSERT_TRUE(other);
  EXPECT_EQ((*other)->by_host("www.example1.test")->rows.size(), 52u);
}

TEST_F(HistoryTest, AttachingMakesNothing) {
  const auto absent = History::attach(folder_ / "none", options_, clock_);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, Errc::not_found);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none"));
}

}  // namespace
}  // namespace weir
