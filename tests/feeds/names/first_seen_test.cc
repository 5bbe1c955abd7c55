#include "feeds/names/first_seen.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "feeds/names/seen_format.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr FirstSeen::Options kSmall{.most = 4096, .learn = 24h};

class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::uint8_t value = 1) : value_(value) {}
  void fill(MutableBytes out) override { std::ranges::fill(out, value_); }

 private:
  std::uint8_t value_;
};

class FirstSeenTest : public testing::Test {
 protected:
  FirstSeenTest() {
    folder_ =
        fs::temp_directory_path() / ("weir-seen-" + std::to_string(::getpid()) + '-' +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    path_ = folder_ / "seen";
  }
  ~FirstSeenTest() override { fs::remove_all(folder_); }

  FirstSeen fresh(WallTime now = kNow) { return FirstSeen(kSmall, random_, now); }
  std::string read(const std::string& file) const {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  void write(const std::string& file, std::string_view bytes) const {
    std::ofstream(file, std::ios::binary) << bytes;
  }

  FixedRandom random_;
  fs::path folder_;
  std::string path_;
};

TEST_F(FirstSeenTest, RemembersTheFirstTime) {
  FirstSeen memory = fresh();
  const Seen first = memory.note("example.com", kNow);
  EXPECT_EQ(first.visits, 0U);
  EXPECT_EQ(first.first, kNow);
  EXPECT_EQ(first.age(kNow), Duration(0));
  const Seen later = memory.note("example.com", kNow + 50h);
  EXPECT_EQ(later.visits, 1U);
  EXPECT_EQ(later.first, kNow);
  EXPECT_EQ(later.last, kNow);
  EXPECT_EQ(later.age(kNow + 50h), Duration(50h));
  EXPECT_EQ(memory.find("example.com", kNow).visits, 2U);
  EXPECT_EQ(memory.find("example.com", kNow).last, kNow + 50h);
  EXPECT_EQ(memory.find("other.com", kNow).visits, 0U);
  EXPECT_EQ(memory.find("other.com", kNow).visits, 0U) << "asking notes nothing";
}

TEST_F(FirstSeenTest, ANewMemoryLearns) {
  FirstSeen memory = fresh();
  EXPECT_TRUE(memory.learning(kNow));
  EXPECT_FALSE(memory.note("a.com", kNow + 23h).new_here());
  EXPECT_TRUE(memory.note("b.com", kNow + 23h).learning);
  EXPECT_FALSE(memory.learning(kNow + 24h));
  EXPECT_TRUE(memory.note("c.com", kNow + 24h).new_here());
  EXPECT_FALSE(memory.note("c.com", kNow + 25h).new_here());
}

TEST_F(FirstSeenTest, VisitsStopAtTheirMost) {
  FirstSeen memory = fresh();
  for (int i = 0; i < 70'000; ++i) memory.note("example.com", kNow);
  EXPECT_EQ(memory.find("example.com", kNow).visits, 65535U);
}

TEST_F(FirstSeenTest, AClockThatGoesBackHarmsNothing) {
  FirstSeen memory = fresh();
  memory.note("example.com", kNow);
  const Seen seen = memory.note("example.com", kNow - 100h);
  EXPECT_EQ(seen.first, kNow);
  EXPECT_EQ(seen.age(kNow - 100h), Duration(0));
  EXPECT_EQ(memory.find("example.com", kNow).last, kNow);
}

TEST_F(FirstSeenTest, KindsOfFiles) {
  FirstSeen memory = fresh();
  EXPECT_TRUE(memory.note_download("example.com", FileClass::executable, kNow));
  EXPECT_FALSE(memory.note_download("example.com", FileClass::executable, kNow));
  EXPECT_TRUE(memory.note_download("example.com", FileClass::other, kNow));
  EXPECT_FALSE(memory.note_download("example.com", FileClass::other, kNow));
  EXPECT_TRUE(memory.note_download("example.org", FileClass::executable, kNow));
  EXPECT_EQ(memory.find("example.com", kNow).visits, 1U);
  EXPECT_TRUE(memory.delivered("example.com", FileClass::executable));
  EXPECT_FALSE(memory.delivered("example.com", FileClass::archive));
  EXPECT_FALSE(memory.delivered("never.example", FileClass::executable));
}

TEST_F(FirstSeenTest, FileClasses) {
  constexpr std::pair<FileType, FileClass> kCases[] = {
      {FileType::pe, FileClass::executable},     {FileType::powershell, FileClass::script},
      {FileType::javascript, FileClass::script}, {FileType::zip, FileClass::archive},
      {FileType::pdf, FileClass::document},      {FileType::html, FileClass::html},
      {FileType::png, FileClass::media},         {FileType::json, FileClass::other},
      {FileType::unknown, FileClass::other}};
  for (const auto& [type, want] : kCases) {
    EXPECT_EQ(file_class_name(file_class_of(type)), file_class_name(want)) << file_type_name(type);
  }
}

TEST_F(FirstSeenTest, IsBoundedAndForgetsTheLongestUnseen) {
  FirstSeen memory = fresh();
  memory.note("kept.example", kNow);
  for (int i = 0; i < 40'000; ++i) {
    const WallTime now = kNow + std::chrono::hours(2 + i / 500);
    memory.note("d" + std::to_string(i) + ".example", now);
    if (i % 20 == 0) memory.note("kept.example", now);
  }
  EXPECT_GT(memory.find("kept.example", kNow).visits, 1'000U);
  int old = 0, recent = 0;
  for (int i = 0; i < 1'000; ++i) {
    old += memory.find("d" + std::to_string(i) + ".example", kNow).visits > 0 ? 1 : 0;
    recent += memory.find("d" + std::to_string(39'999 - i) + ".example", kNow).visits > 0 ? 1 : 0;
  }
  EXPECT_EQ(old, 0);
  EXPECT_GT(recent, 990);
}

TEST_F(FirstSeenTest, ComesBackFromItsFiles) {
  {
    FirstSeen memory = fresh();
    ASSERT_TRUE(memory.load(path_, kNow));
    memory.note("example.com", kNow);
    memory.note_download("example.com", FileClass::archive, kNow);
    ASSERT_TRUE(memory.save());
    memory.note("late.com", kNow + 1h);
    ASSERT_TRUE(memory.save());
    memory.note("lost.com", kNow + 2h);  // killed before the next save
  }
  FixedRandom other(2);
  FirstSeen memory(kSmall, other, kNow + 30h);
  const auto loaded = memory.load(path_, kNow + 30h);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->damage, "");
  EXPECT_EQ(memory.find("example.com", kNow).first, kNow);
  EXPECT_EQ(memory.find("late.com", kNow).first, kNow + 1h);
  EXPECT_EQ(memory.find("lost.com", kNow).visits, 0U);
  EXPECT_FALSE(memory.note_download("example.com", FileClass::archive, kNow));
  EXPECT_TRUE(memory.note_download("example.com", FileClass::executable, kNow));
  EXPECT_FALSE(memory.learning(kNow + 30h)) << "it began at kNow";
}

TEST_F(FirstSeenTest, StampsFromTheFutureAreCutToNow) {
  {
    FirstSeen memory = fresh();
    ASSERT_TRUE(memory.load(path_, kNow));
    memory.note("example.com", kNow + 99'999h);
    ASSERT_TRUE(memory.save());
  }
  FirstSeen memory = fresh();
  ASSERT_TRUE(memory.load(path_, kNow + 5h));
  EXPECT_EQ(memory.find("example.com", kNow).first, kNow + 5h);
}

// Whatever moment the process is killed at while the log is written: what was whole is there.
TEST_F(FirstSeenTest, ALogCutAtAnyByteGivesWhatWasWhole) {
  constexpr int kNames = 3;
  {
    FirstSeen memory = fresh();
    ASSERT_TRUE(memory.load(path_, kNow));
    for (int i = 0; i < kNames; ++i) {
      memory.note("n" + std::to_string(i) + ".com", kNow);
      ASSERT_TRUE(memory.save());
    }
  }
  const std::string log = read(path_ + ".log");
  ASSERT_EQ(log.size(), seen_format::kHeaderSize + kNames * seen_format::kRecordSize);
  for (std::size_t size = 0; size <= log.size(); ++size) {
    write(path_ + ".log", std::string_view(log).substr(0, size));
    {
      FirstSeen memory = fresh();
      const auto loaded = memory.load(path_, kNow);
      ASSERT_TRUE(loaded) << size;
      EXPECT_EQ(loaded->damage, "") << size;
      const std::size_t whole = size < seen_format::kHeaderSize
                                    ? 0
                                    : (size - seen_format::kHeaderSize) / seen_format::kRecordSize;
      for (std::size_t i = 0; i < kNames; ++i) {
        const bool known = memory.find("n" + std::to_string(i) + ".com", kNow).visits > 0;
        EXPECT_EQ(known, i < whole) << size << ' ' << i;
      }
      memory.note("after.com", kNow);
      ASSERT_TRUE(memory.save());
    }
    FirstSeen again = fresh();  // what is written after a cut is read back
    const auto loaded = again.load(path_, kNow);
    ASSERT_TRUE(loaded) << size;
    EXPECT_EQ(loaded->damage, "") << size;
    EXPECT_EQ(again.find("after.com", kNow).visits, 1U) << size;
  }
}

// A memory with a snapshot and a log, as a long life leaves it.
void make_snapshot(const std::string& path, int names) {
  SeenTable table(1024);
  SeenFile file;
  SeenOrigin origin{.key = {3, 4}, .since = 1000};
  ASSERT_TRUE(file.open(path, origin, [](const SeenEntry&) {}));
  for (int i = 0; i < names; ++i) table.visit(static_cast<std::uint64_t>(i + 2) << 40, 2000);
  ASSERT_TRUE(file.rewrite(table));
}

TEST_F(FirstSeenTest, ASnapshotThatIsNotWholeIsPutAside) {
  make_snapshot(path_, 3);
  const std::string whole = read(path_);
  ASSERT_EQ(whole.size(), seen_format::kHeaderSize + 3 * seen_format::kRecordSize);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write(path_, std::string_view(whole).substr(0, size));
    FirstSeen memory = fresh();
    const auto loaded = memory.load(path_, kNow);
    ASSERT_TRUE(loaded) << size;
    if (size == whole.size()) {
      EXPECT_EQ(loaded->damage, "");
      EXPECT_EQ(loaded->entries, 3U);
      continue;
    }
    EXPECT_NE(loaded->damage.find("is damaged"), std::string::npos) << size;
    EXPECT_EQ(loaded->entries, 0U) << size;
    EXPECT_EQ(read(path_ + ".bad").size(), size);
    EXPECT_FALSE(fs::exists(path_));
    EXPECT_TRUE(memory.learning(kNow));
    memory.note("after.com", kNow);
    EXPECT_TRUE(memory.save());
  }
}

// Killed while the snapshot is written, or after it got its name and before the log was emptied.
TEST_F(FirstSeenTest, AKillWithinARewriteCostsNothing) {
  SeenTable table(1024);
  const std::vector<SeenEntry> entries = {{77ULL << 40, 1000, 2000, 3, 1},
                                          {78ULL << 33, 1, 2, 9, 64}};
  for (const SeenEntry& entry : entries) table.merge(entry, false);
  const auto loaded = [&] {
    std::vector<SeenEntry> found;
    SeenTable into(1024);
    SeenFile file;
    SeenOrigin origin;
    const auto opened =
        file.open(path_, origin, [&](const SeenEntry& entry) { into.merge(entry, false); });
    EXPECT_TRUE(opened);
    EXPECT_EQ(opened->damage, "");
    EXPECT_EQ(origin.since, 1000U);
    into.each([&](const SeenEntry& entry) { found.push_back(entry); });
    std::ranges::sort(found, {}, &SeenEntry::key);
    return found;
  };
  std::vector<SeenEntry> want = entries;
  std::ranges::sort(want, {}, &SeenEntry::key);
  SeenFile file;
  SeenOrigin origin{.key = {3, 4}, .since = 1000};
  ASSERT_TRUE(file.open(path_, origin, [](const SeenEntry&) {}));
  ASSERT_TRUE(file.append(entries));
  const std::string full_log = read(path_ + ".log");
  write(path_ + ".new", "weirseen and then nothing");
  EXPECT_EQ(loaded(), want);
  ASSERT_TRUE(file.rewrite(table));
  EXPECT_EQ(loaded(), want);
  write(path_ + ".log", full_log);
  EXPECT_EQ(loaded(), want);
  write(path_ + ".log", "");
  EXPECT_EQ(loaded(), want);
}

TEST_F(FirstSeenTest, EveryChangedByteOfASnapshotIsNoticed) {
  make_snapshot(path_, 3);
  const std::string whole = read(path_);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 0x20);
    EXPECT_FALSE(seen_format::read_all(as_bytes(bad), seen_format::Kind::snapshot).sound) << at;
  }
}

TEST_F(FirstSeenTest, ABadRecordInTheLogCostsOnlyItself) {
  {
    FirstSeen memory = fresh();
    ASSERT_TRUE(memory.load(path_, kNow));
    for (const std::string_view name : {"a.com", "b.com", "c.com"}) {
      memory.note(name, kNow);
      ASSERT_TRUE(memory.save());
    }
  }
  std::string log = read(path_ + ".log");
  log[seen_format::kHeaderSize + seen_format::kRecordSize + 3] ^= 1;
  write(path_ + ".log", log);
  FirstSeen memory = fresh();
  const auto loaded = memory.load(path_, kNow);
  ASSERT_TRUE(loaded);
  EXPECT_NE(loaded->damage.find("1 damaged records"), std::string::npos) << loaded->damage;
  EXPECT_EQ(memory.find("a.com", kNow).visits, 1U);
  EXPECT_EQ(memory.find("b.com", kNow).visits, 0U);
  EXPECT_EQ(memory.find("c.com", kNow).visits, 1U);
  ASSERT_TRUE(memory.save());  // rewrites
  FirstSeen again = fresh();
  const auto reloaded = again.load(path_, kNow);
  ASSERT_TRUE(reloaded);
  EXPECT_EQ(reloaded->damage, "");
  EXPECT_EQ(again.find("c.com", kNow).visits, 1U);
}

TEST_F(FirstSeenTest, ALogOfAnotherMemoryIsPutAside) {
  make_snapshot(path_, 3);
  const std::string other = folder_ / "other";
  {
    FirstSeen memory = fresh();
    ASSERT_TRUE(memory.load(other, kNow));
    memory.note("a.com", kNow);
    ASSERT_TRUE(memory.save());
  }
  fs::rename(other + ".log", path_ + ".log");
  FirstSeen memory = fresh();
  const auto loaded = memory.load(path_, kNow);
  ASSERT_TRUE(loaded);
  EXPECT_NE(loaded->damage, "");
  EXPECT_EQ(loaded->entries, 3U);
  EXPECT_TRUE(fs::exists(path_ + ".log.bad"));
}

TEST_F(FirstSeenTest, AFolderThatIsNotThereIsAnError) {
  FirstSeen memory = fresh();
  EXPECT_FALSE(memory.load(folder_ / "none" / "seen", kNow));
}

TEST_F(FirstSeenTest, ALongLogBecomesASnapshot) {
  FirstSeen::Options options{.most = 1'000'000, .learn = 1h};
  FirstSeen memory(options, random_, kNow);
  ASSERT_TRUE(memory.load(path_, kNow));
  for (int i = 0; i < 140'000; ++i) memory.note("d" + std::to_string(i) + ".com", kNow);
  ASSERT_TRUE(memory.save());
  EXPECT_GT(fs::file_size(path_), 4U << 20);
  EXPECT_EQ(fs::file_size(path_ + ".log"), seen_format::kHeaderSize);
  EXPECT_FALSE(fs::exists(path_ + ".new"));
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  FirstSeen again(options, random_, kNow);
  const auto loaded = again.load(path_, kNow);
  ASSERT_TRUE(loaded);
  EXPECT_GT(loaded->entries, 139'900U);
  EXPECT_EQ(again.find("d77.com", kNow).visits, 1U);
}

TEST_F(FirstSeenTest, SeedsAreOld) {
  write(folder_ / "top.csv",
        "# rank,domain\n1,google.com\r\n2,www.example.co.jp\nnot a host\n3,com\n\nyoutube.com");
  FirstSeen memory = fresh();
  memory.note("youtube.com", kNow);
  const auto count = memory.seed(folder_ / "top.csv", kNow);
  ASSERT_TRUE(count);
  EXPECT_EQ(*count, 3U);
  for (const std::string_view name : {"google.com", "example.co.jp", "youtube.com"}) {
    const Seen seen = memory.note(name, kNow + 100h);
    EXPECT_TRUE(seen.popular) << name;
    EXPECT_FALSE(seen.new_here()) << name;
    EXPECT_GT(seen.age(kNow), Duration(24h * 365 * 10)) << name;
  }
  EXPECT_FALSE(memory.seed(folder_ / "none.csv", kNow));
}

// Threads note the same and different domains while another saves: nothing is lost, and a domain
// is never older than its first visit.
TEST_F(FirstSeenTest, ThreadsShareIt) {
  constexpr int kThreads = 4, kNames = 500;
  FirstSeen memory({.most = 262'144, .learn = 1h}, random_, kNow);
  ASSERT_TRUE(memory.load(path_, kNow));
  std::atomic<int> running = kThreads;
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 20 * kNames; ++i) {
          const WallTime now = kNow + std::chrono::minutes(i);
          const Seen shared = memory.note("s" + std::to_string(i % kNames) + ".com", now);
          if (shared.first < kNow || shared.first > now + 400h) ++wrong;
          memory.note("t" + std::to_string(t) + '-' + std::to_string(i) + ".com", now);
          memory.note_download("s" + std::to_string(i % kNames) + ".com", FileClass::media, now);
        }
        --running;
      });
    }
    while (running > 0) EXPECT_TRUE(memory.save());
  }
  EXPECT_TRUE(memory.save());
  EXPECT_EQ(wrong, 0);
  FirstSeen again({.most = 262'144, .learn = 1h}, random_, kNow);
  ASSERT_TRUE(again.load(path_, kNow + 9'999h));
  int lost = 0;
  for (int i = 0; i < kNames; ++i) {
    lost += again.find("s" + std::to_string(i) + ".com", kNow).visits == 0 ? 1 : 0;
    lost += again.find("t3-" + std::to_string(i) + ".com", kNow).visits == 0 ? 1 : 0;
  }
  EXPECT_EQ(lost, 0);
}

// A full table under threads: entries leave while others are read.
TEST(SeenTable, ThreadsOnAFullTable) {
  SeenTable table(64);
  std::atomic<int> mixed_up = 0;
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random(t);
        for (int i = 0; i < 50'000; ++i) {
          // The first stamp of a key can be told from the key, so a mixture is noticed.
          const std::uint64_t key = (random() % 200 + 2) << 32 | 77;
          const auto minute = static_cast<std::uint32_t>((key >> 32) * 1000);
          const auto entry = table.visit(key, minute);
          if (entry && (entry->key != key || entry->first != minute)) ++mixed_up;
        }
      });
    }
  }
  EXPECT_EQ(mixed_up, 0);
  std::size_t entries = 0;
  table.each([&](const SeenEntry& entry) {
    ++entries;
    EXPECT_EQ(entry.first, (entry.key >> 32) * 1000);
  });
  EXPECT_LE(entries, table.capacity());
}

}  // namespace
}  // namespace weir
