#include "sandbox_client/quarantine.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "sandbox_client/quarantine_zip.h"
#include "tests/sandbox_client/samples.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

class QuarantineTest : public testing::Test {
 protected:
  QuarantineTest() { reopen(); }
  void reopen() {
    quarantine_.reset();
    auto opened =
        Quarantine::open(folder_ / "quarantine", folder_ / "key", options_, clock_, random_);
    ASSERT_TRUE(opened) << opened.error().what;
    quarantine_ = std::move(*opened);
  }
  AuditRecord keep(const std::string& bytes, QuarantineState state = QuarantineState::blocked) {
    QuarantineEntry entry;
    entry.sha256 = sha256_hex(as_bytes(bytes));
    entry.state = state;
    entry.name = "setup.exe";
    entry.reason = "rule 7";
    return quarantine_->keep(entry, memory_file(bytes).get());
  }
  static std::string sha(const std::string& bytes) { return sha256_hex(as_bytes(bytes)); }
  std::string sealed_path(const std::string& bytes) const {
    return folder_ / ("quarantine/files/" + sha(bytes));
  }
  std::string read(const std::string& bytes) {
    std::string got;
    const auto record = quarantine_->read(sha(bytes), "ann", [&](ByteView piece) -> Result<> {
      got += as_text(piece);
      return {};
    });
    return record.done ? got : "error: " + record.detail;
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_ / "quarantine/files"), {}));
  }

  TempFolder folder_;
  QuarantineOptions options_;
  ManualClock clock_;
  CountingRandom random_;
  std::unique_ptr<Quarantine> quarantine_;
};

TEST_F(QuarantineTest, KeepsEverySizeEncrypted) {
  constexpr std::size_t kPiece = 64 * 1024;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kPiece - 1, kPiece, kPiece + 1,
                                 2 * kPiece, 3 * kPiece + 17, std::size_t{1'000'000}}) {
    const std::string bytes = pattern(size);
    const auto record = keep(bytes);
    ASSERT_TRUE(record.done) << record.detail;
    EXPECT_EQ(record.act, "keep");
    EXPECT_EQ(read(bytes), bytes) << size;
    const std::string sealed = content(sealed_path(bytes));
    const std::size_t pieces = size == 0 ? 1 : (size + kPiece - 1) / kPiece;
    EXPECT_EQ(sealed.size(), 40 + size + 16 * pieces) << size;
    if (size > 64) EXPECT_FALSE(sealed.contains(bytes.substr(0, 64)));
  }
  struct stat about{};
  ASSERT_EQ(::stat((folder_ / "key").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777u, 0600u);
}

TEST_F(QuarantineTest, SurvivesARestartUnderTheSameKeyOnly) {
  ASSERT_TRUE(keep("bad").done);
  reopen();
  EXPECT_EQ(read("bad"), "bad");
  const auto entry = quarantine_->find(sha("bad"));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->name, "setup.exe");
  EXPECT_EQ(entry->size, 3u);
  fs::remove(folder_ / "key");
  reopen();
  EXPECT_EQ(read("bad"), "error: quarantined file: changed, cut, or under another key");
}

TEST_F(QuarantineTest, WhateverIsChangedIsNoticed) {
  const std::string bytes = pattern(150'000);
  ASSERT_TRUE(keep(bytes).done);
  const std::string whole = content(sealed_path(bytes));
  constexpr std::size_t kSealed = 64 * 1024 + 16;
  const struct {
    const char* name;
    std::string bytes;
  } cases[] = {
      {"a salt bit",
       [&] {
         auto s = whole;
         s[20] = static_cast<char>(s[20] ^ 1);
         return s;
       }()},
      {"a magic bit",
       [&] {
         auto s = whole;
         s[0] = static_cast<char>(s[0] ^ 1);
         return s;
       }()},
      {"a data bit",
       [&] {
         auto s = whole;
         s[70'000] = static_cast<char>(s[70'000] ^ 1);
         return s;
       }()},
      {"a tag bit",
       [&] {
         auto s = whole;
         s.back() = static_cast<char>(s.back() ^ 1);
         return s;
       }()},
      {"the last piece cut off", whole.substr(0, 40 + 2 * kSealed)},
      {"cut inside", whole.substr(0, 100'000)},
      {"only the header", whole.substr(0, 40)},
      {"half a header", whole.substr(0, 20)},
      {"empty", ""},
      {"longer", whole + "x"},
      {"pieces swapped", whole.substr(0, 40) + whole.substr(40 + kSealed, kSealed) +
                             whole.substr(40, kSealed) + whole.substr(40 + 2 * kSealed)},
      {"a piece twice",
       whole.substr(0, 40 + kSealed) + whole.substr(40, kSealed) + whole.substr(40 + 2 * kSealed)},
  };
  for (const auto& one : cases) {
    put(sealed_path(bytes), one.bytes);
    EXPECT_TRUE(read(bytes).starts_with("error: quarantined file: ")) << one.name;
  }
  put(sealed_path(bytes), whole);
  EXPECT_EQ(read(bytes), bytes);
}

TEST_F(QuarantineTest, TheSameFileIsKeptOnce) {
  ASSERT_TRUE(keep("bad", QuarantineState::held).done);
  clock_.advance(1h);
  EXPECT_EQ(keep("bad", QuarantineState::held).detail, "was there already");
  EXPECT_EQ(quarantine_->find(sha("bad"))->state, QuarantineState::held);
  ASSERT_TRUE(keep("bad", QuarantineState::blocked).done);
  ASSERT_TRUE(keep("bad", QuarantineState::held).done);  // does not undo the block
  const auto entry = *quarantine_->find(sha("bad"));
  EXPECT_EQ(entry.state, QuarantineState::blocked);
  EXPECT_EQ(entry.times, 4u);
  EXPECT_EQ(entry.last - entry.added, 1h);
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(quarantine_->bytes(), 3u);
}

TEST_F(QuarantineTest, TheQuotaTakesTheOldestButNeverTheHeld) {
  options_.max_bytes = 100;
  reopen();
  for (const auto& [n, state] : {std::pair{1, QuarantineState::held},
                                 {2, QuarantineState::blocked},
                                 {3, QuarantineState::blocked},
                                 {4, QuarantineState::blocked}}) {
    ASSERT_TRUE(keep(std::string(30, static_cast<char>('0' + n)), state).done);
    clock_.advance(1s);
  }
  EXPECT_TRUE(quarantine_->find(sha(std::string(30, '1'))));
  EXPECT_FALSE(quarantine_->find(sha(std::string(30, '2'))));
  EXPECT_EQ(files(), 3u);
  EXPECT_LE(quarantine_->bytes(), 100u);
  EXPECT_FALSE(keep(std::string(101, 'x')).done);
  ASSERT_TRUE(keep(std::string(30, '5'), QuarantineState::held).done);
  ASSERT_TRUE(keep(std::string(30, '6'), QuarantineState::held).done);
  const auto full = keep(std::string(30, '7'));
  EXPECT_FALSE(full.done);
  EXPECT_EQ(full.detail, "quarantine is full of held files: 90 of 100 bytes");
}

TEST_F(QuarantineTest, ActsAreRecordedDoneOrNot) {
  ASSERT_TRUE(keep("bad").done);
  auto record = quarantine_->release(sha("bad"), "ann");
  EXPECT_TRUE(record.done);
  EXPECT_EQ(record.actor + " " + record.act, "ann release");
  EXPECT_EQ(record.time, clock_.wall());
  EXPECT_EQ(quarantine_->find(sha("bad"))->state, QuarantineState::released);
  record = quarantine_->remove(sha("bad"), "bob");
  EXPECT_TRUE(record.done);
  EXPECT_EQ(files(), 0u);
  const ByteSink nowhere = [](ByteView) -> Result<> { return {}; };
  for (const auto& one :
       {quarantine_->remove(sha("bad"), "bob"), quarantine_->release(sha("bad"), "bob"),
        quarantine_->fetch_zip(sha("bad"), "bob", nowhere),
        quarantine_->read("../../key", "bob", nowhere)}) {
    EXPECT_FALSE(one.done) << one.act;
    EXPECT_TRUE(one.detail.starts_with("not in quarantine: ")) << one.detail;
  }
}

TEST_F(QuarantineTest, ListsTheNewestFirstInPages) {
  for (int n = 0; n < 7; ++n) {
    ASSERT_TRUE(
        keep(std::to_string(n), n == 3 ? QuarantineState::held : QuarantineState::blocked).done);
    if (n % 2 == 0) clock_.advance(1s);  // some at the same time
  }
  std::set<std::string> seen;
  QuarantinePage page;
  page.rows = 3;
  for (;;) {
    const auto some = quarantine_->list(page);
    ASSERT_TRUE(some);
    if (some->empty()) break;
    for (const auto& one : *some) EXPECT_TRUE(seen.insert(one.sha256).second);
    page.after = some->back().sha256;
  }
  EXPECT_EQ(seen.size(), 7u);
  page = {};
  EXPECT_EQ(quarantine_->list(page)->front().sha256, std::max(sha("5"), sha("6")));
  page.state = QuarantineState::held;
  ASSERT_EQ(quarantine_->list(page)->size(), 1u);
  EXPECT_EQ(quarantine_->list(page)->front().sha256, sha("3"));
}

TEST_F(QuarantineTest, TimeEndsIt) {
  ASSERT_TRUE(keep("old").done);
  ASSERT_TRUE(keep("held", QuarantineState::held).done);
  clock_.advance(options_.keep - 1s);
  ASSERT_TRUE(keep("new").done);
  EXPECT_TRUE(quarantine_->expire().empty());
  clock_.advance(1s);
  const auto records = quarantine_->expire();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].sha256, sha("old"));
  EXPECT_EQ(files(), 2u);
}

TEST_F(QuarantineTest, WhatIsNotTheFileIsNotKept) {
  QuarantineEntry entry;
  entry.sha256 = std::string(64, 'a');
  EXPECT_FALSE(quarantine_->keep(entry, memory_file("x").get()).done);
  entry.sha256 = "../../x";
  EXPECT_FALSE(quarantine_->keep(entry, memory_file("x").get()).done);
  EXPECT_EQ(files(), 0u);
  put(folder_ / "quarantine/files/" + std::string(64, 'b') + ".part-1", "left by a kill");
  reopen();
  EXPECT_EQ(files(), 0u);
}

TEST_F(QuarantineTest, AKeyThatOthersCanReadIsRefused) {
  quarantine_.reset();
  ::chmod((folder_ / "key").c_str(), 0640);
  auto opened =
      Quarantine::open(folder_ / "quarantine", folder_ / "key", options_, clock_, random_);
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().what.contains("others can read the key")) << opened.error().what;
  ::chmod((folder_ / "key").c_str(), 0600);
  put(folder_ / "key", "short");
  opened = Quarantine::open(folder_ / "quarantine", folder_ / "key", options_, clock_, random_);
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().what.contains("is no key of 32 bytes")) << opened.error().what;
}

// A row would otherwise say "was there already" of a file that is gone.
TEST_F(QuarantineTest, ARowWhoseFileIsGoneGoesAtTheStart) {
  ASSERT_TRUE(keep("lost").done);
  ASSERT_TRUE(keep("there").done);
  fs::remove(sealed_path("lost"));
  reopen();
  EXPECT_FALSE(quarantine_->find(sha("lost")));
  EXPECT_TRUE(quarantine_->find(sha("there")));
  ASSERT_TRUE(keep("lost").done);
  EXPECT_EQ(read("lost"), "lost");
  fs::remove(sealed_path("lost"));  // while it is open: when it comes again it is kept anew
  ASSERT_TRUE(keep("lost").done);
  EXPECT_EQ(read("lost"), "lost");
}

TEST_F(QuarantineTest, OnlyOneThatIsAloneSweeps) {
  const std::string part = folder_ / "quarantine/files/" + std::string(64, 'b') + ".part-1";
  put(part, "another process copies this");
  auto second =
      Quarantine::open(folder_ / "quarantine", folder_ / "key", options_, clock_, random_);
  ASSERT_TRUE(second) << second.error().what;
  EXPECT_TRUE(fs::exists(part));
  // What one keeps the other has, and what one deletes can come again.
  ASSERT_TRUE(keep("shared").done);
  EXPECT_TRUE((*second)->find(sha("shared")));
  ASSERT_TRUE((*second)->remove(sha("shared"), "ann").done);
  EXPECT_FALSE(quarantine_->find(sha("shared")));
  ASSERT_TRUE(keep("shared").done);
  EXPECT_EQ(read("shared"), "shared");
  quarantine_.reset();
  second->reset();
  reopen();
  EXPECT_FALSE(fs::exists(part));
  EXPECT_EQ(read("shared"), "shared");
}

// 7-Zip reads what we write, with the password and not without.
TEST_F(QuarantineTest, TheZipOpensWithItsPassword) {
  std::string tool;
  for (const char* name : {"/usr/bin/7zz", "/usr/bin/7z", "/usr/bin/7zr"}) {
    if (tool.empty() && fs::exists(name)) tool = name;
  }
  if (tool.empty()) GTEST_SKIP() << "there is no 7-Zip";
  for (const std::size_t size : {0u, 5u, 4096u, 200'000u}) {
    const std::string bytes = pattern(size), path = folder_ / "out.zip";
    ASSERT_TRUE(keep(bytes).done);
    std::string zip;
    const auto record = quarantine_->fetch_zip(sha(bytes), "ann", [&](ByteView piece) -> Result<> {
      zip += as_text(piece);
      return {};
    });
    ASSERT_TRUE(record.done) << record.detail;
    put(path, zip);
    const std::string into = " -o" + (folder_ / "out") + " -y " + path + " >/dev/null 2>&1";
    ASSERT_EQ(std::system((tool + " x -pinfected" + into).c_str()), 0) << size;
    EXPECT_EQ(content(folder_ / ("out/" + sha(bytes) + ".bin")), bytes) << size;
    EXPECT_NE(std::system((tool + " t -pwrong " + path + " >/dev/null 2>&1").c_str()), 0);
    if (size > 100) EXPECT_FALSE(zip.contains(bytes.substr(0, 64)));
  }
}

TEST(PasswordZip, RefusesWhatItCannotSay) {
  CountingRandom random;
  const ByteSink nowhere = [](ByteView) -> Result<> { return {}; };
  EXPECT_EQ(PasswordZip("a", 1ull << 32, "x", random, nowhere).begin().error().code,
            Errc::too_large);
  PasswordZip shorter("a", 5, "x", random, nowhere);
  ASSERT_TRUE(shorter.begin() && shorter.feed(as_bytes("1234")));
  EXPECT_EQ(shorter.end().error().code, Errc::truncated);
}

}  // namespace
}  // namespace weir
