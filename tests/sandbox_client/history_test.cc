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

TEST_F(HistoryTest, ASearchThatNobodyWaitsForEnds) {
  add(5000);
  HistoryFilter filter;
  filter.url_part = "nowhere";  // looks at each row
  std::atomic<bool> stop{true};
  HistoryPage page;
  page.stop = &stop;
  const auto stopped = history_->search(filter, page);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Errc::cancelled);
  stop = false;
  EXPECT_TRUE(history_->search(filter, page));
  EXPECT_TRUE(history_->search(filter, {}));
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

TEST_F(HistoryTest, FindsWhatWasInside) {
  DeliveryRecord zip = next();
  const DeliveryRecord plain = next(), third = next();
  zip.sha256 = sha(1000);
  // Its own hash, one twice, and what is no hash.
  zip.inside = {sha(1001), sha(1002), sha(1001), sha(1000), "'; DROP TABLE inside; --", ""};
  DeliveryRecord program = third;
  program.sha256 = sha(1001);
  for (const auto& one : {zip, plain, program}) ASSERT_TRUE(history_->append(one));
  history_->flush();

  auto rows = history_->by_hash(sha(1001));
  ASSERT_TRUE(rows) << rows.error().what;
  ASSERT_EQ(rows->rows.size(), 2u);  // the newest first
  EXPECT_EQ(rows->rows[0], program);
  DeliveryRecord want = zip;
  want.inside.clear();
  want.was_inside = true;
  EXPECT_EQ(rows->rows[1], want);

  rows = history_->by_hash(sha(1000));
  ASSERT_EQ(rows->rows.size(), 1u);
  EXPECT_FALSE(rows->rows[0].was_inside);

  HistoryFilter f;
  f.sha256 = sha(1002), f.client = zip.client;
  EXPECT_EQ(events(f), std::vector<std::string>{"0"});
  f.client = third.client;
  EXPECT_TRUE(events(f).empty());
  f = {}, f.sha256 = sha(1002), f.url_part = "file_1?";
  EXPECT_TRUE(events(f).empty());
  f = {}, f.sha256 = sha(1001), f.from = zip.time, f.to = zip.time;
  EXPECT_EQ(events(f), std::vector<std::string>{"0"});

  std::multiset<std::string> hashes;
  ASSERT_TRUE(
      history_->each_hash([&](const std::string& one) { return hashes.insert(one), true; }));
  EXPECT_EQ(hashes, (std::multiset<std::string>{sha(1000), sha(1001), sha(1001), sha(1002)}));
  int calls = 0;
  ASSERT_TRUE(history_->each_hash([&](const std::string&) { return ++calls < 3; }));
  EXPECT_EQ(calls, 3);
}

TEST_F(HistoryTest, PagesGoThroughWhatWasInsideOnce) {
  options_.segment_rows = 25;
  reopen();
  for (int i = 0; i < 90; ++i) {
    DeliveryRecord one = next();
    one.sha256 = i % 3 == 0 ? sha(1001) : sha(2000 + i);
    one.inside = {sha(1001), sha(1002)};
    ASSERT_TRUE(history_->append(one));
    if (i % 10 == 9) history_->flush();
  }
  EXPECT_GE(files(), 3u);
  for (const int n : {1001, 1002}) {
    for (const std::size_t size : {1u, 7u, 1000u}) {
      HistoryFilter f;
      f.sha256 = sha(n);
      const auto all = events(f, size);
      ASSERT_EQ(all.size(), 90u) << size;
      for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], std::to_string(89 - i));
    }
  }
}

TEST_F(HistoryTest, KeepsSoManyInsideAndNoMore) {
  DeliveryRecord one = next();
  for (int i = 0; i < 100; ++i) one.inside.push_back(sha(1000 + i));
  ASSERT_TRUE(history_->append(one));
  history_->flush();
  EXPECT_EQ(history_->by_hash(sha(1063))->rows.size(), 1u);
  EXPECT_TRUE(history_->by_hash(sha(1064))->rows.empty());
}

TEST_F(HistoryTest, WhatIsInsideCountsForTheBoundOfBytes) {
  options_.max_bytes = 2 << 20;
  reopen();
  for (int i = 0; i < 600; ++i) {
    DeliveryRecord one = next();
    for (int k = 0; k < 64; ++k) one.inside.push_back(sha(i * 64 + k));
    ASSERT_TRUE(history_->append(one));
    if (i % 20 == 19) history_->flush();
  }
  EXPECT_LE(history_->bytes(), options_.max_bytes + (1 << 20));
  EXPECT_GE(files(), 2u);  // of a million rows each
  EXPECT_EQ(history_->by_hash(sha(599 * 64 + 63))->rows.size(), 1u);
  EXPECT_TRUE(history_->by_hash(sha(1))->rows.empty());
}

TEST_F(HistoryTest, WhatIsInsideCountsForTheQueue) {
  options_.max_queued = 16;
  options_.batch_wait = 1h;  // or until half of it is full
  reopen();
  DeliveryRecord one = next();
  for (int k = 0; k < 64; ++k) one.inside.push_back(sha(k));
  one.inside.resize(kMostInside * 2, sha(0));
  EXPECT_FALSE(history_->append(one));  // 17
  one.inside.resize(kMostInside);
  EXPECT_TRUE(history_->append(one));
  history_->flush();
  EXPECT_EQ(history_->counts().written, 1u);
}

// As the versions wrote it that knew nothing of files inside.
constexpr const char* kOlderSchema = R"(
CREATE TABLE names(
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, text TEXT NOT NULL, UNIQUE(kind, text)) STRICT;
CREATE TABLE deliveries(
  id INTEGER PRIMARY KEY, event TEXT NOT NULL, client INTEGER NOT NULL, user INTEGER NOT NULL,
  host INTEGER NOT NULL, domain INTEGER NOT NULL, url TEXT NOT NULL, hash_key INTEGER,
  sha256 BLOB, name TEXT NOT NULL, action INTEGER NOT NULL, verdict INTEGER NOT NULL) STRICT;
CREATE INDEX by_hash ON deliveries(hash_key) WHERE hash_key IS NOT NULL;
CREATE INDEX by_host ON deliveries(host);
CREATE INDEX by_domain ON deliveries(domain);
CREATE INDEX by_client ON deliveries(client);
CREATE INDEX by_user ON deliveries(user);
INSERT INTO names(id,kind,text) VALUES(1,'c','10.0.0.1'),(2,'u',''),(3,'h','old.test'),
  (4,'d','old.test'),(5,'a','allow'),(6,'v','clean');
)";

TEST_F(HistoryTest, GoesOnInAFileOfTheOlderSchema) {
  history_.reset();
  std::filesystem::remove_all(folder_ / "history");
  std::filesystem::create_directory(folder_ / "history");
  const std::string path = folder_ / "history/history-1.sqlite";
  const std::string digest = sha(7);
  {
    auto old = Database::open(path, {});
    ASSERT_TRUE(old) << old.error().what;
    ASSERT_TRUE(old->ensure_schema(1, kOlderSchema));
    auto row = old->query(
        "INSERT INTO deliveries VALUES(?1,'event-old',1,2,3,4,'https://old.test/',?2,?3,'',5,6)",
        history_row_id(clock_.wall()),
        static_cast<std::int64_t>(std::stoull(digest.substr(0, 16), nullptr, 16)));
    ASSERT_TRUE(row);
    ASSERT_TRUE(row->bind_blob(3, *from_hex(digest)).run());
  }
  clock_.advance(1s);
  HistoryFilter f;
  f.sha256 = digest;
  {  // nobody has written there since
    auto other = History::attach(folder_ / "history", options_, clock_);
    ASSERT_TRUE(other);
    EXPECT_EQ((*other)->counts().last_error, "");
    EXPECT_EQ((*other)->by_hash(digest)->rows.size(), 1u);
    int hashes = 0;
    ASSERT_TRUE((*other)->each_hash([&](const std::string&) { return ++hashes > 0; }));
    EXPECT_EQ(hashes, 1);
  }
  reopen();
  EXPECT_EQ(history_->counts().last_error, "");
  EXPECT_EQ(events(f), std::vector<std::string>{"old"});  // a reader is open from here on
  add(2);                                                 // nothing inside: it stays as it was
  EXPECT_EQ(events({}).size(), 3u);
  DeliveryRecord zip = next();
  zip.inside = {digest};
  ASSERT_TRUE(history_->append(zip));
  history_->flush();
  EXPECT_EQ(history_->counts().failed, 0u) << history_->counts().last_error;
  EXPECT_EQ(events(f), (std::vector<std::string>{"2", "old"}));
  EXPECT_EQ(files(), 1u);
  reopen();
  EXPECT_EQ(events(f), (std::vector<std::string>{"2", "old"}));
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
