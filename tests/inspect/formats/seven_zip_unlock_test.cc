// Encrypted 7z archives as 7-Zip makes them, opened with their passwords: what comes out is an
// archive that 7-Zip itself unpacks without one.
#include "inspect/formats/seven_zip_unlock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "inspect/formats/seven_zip_rewrite.h"
#include "inspect/formats/seven_zip_unpack.h"
#include "tests/inspect/worker/samples.h"

namespace weir {
namespace {

using Passwords = std::vector<std::string>;

std::string text() { return plain_text(30'000); }
// What the filter for programs has something to do with: calls with addresses.
std::string program() {
  std::string code = "MZ";
  for (int i = 0; i < 9000; ++i) {
    code += '\xe8';
    for (int shift : {0, 8, 16, 24}) code += static_cast<char>((i * 977) >> shift);
    code += "\x8b\x45\x0c";
  }
  return code;
}

std::string locked(const std::string& options, const std::string& password = "secret") {
  return packed_by("7zz a -bso0 -bsp0 '-p" + password + "' " + options, "a.7z",
                   {{"a.txt", text()}, {"b.exe", program()}, {"empty", ""}});
}

std::optional<std::string> unlock(const std::string& archive, const Passwords& passwords,
                                  Reason& problem) {
  const auto container =
      open_locked_seven_zip({as_bytes(archive), FileType::seven_zip, {}}, passwords, problem);
  if (!container) return std::nullopt;
  EXPECT_EQ(container->next()->name, "unlocked.7z");
  std::string out;
  for (ByteView piece = container->read(); !piece.empty(); piece = container->read()) {
    out += as_text(piece);
  }
  EXPECT_FALSE(container->next());
  return out;
}

struct Row {
  const char* name;
  const char* options;
};

class LockedSevenZip : public testing::TestWithParam<Row> {};

TEST_P(LockedSevenZip, IsOpenedByItsPasswordOnly) {
  const std::string archive = locked(GetParam().options);
  auto problem = Reason::none;
  EXPECT_FALSE(unlock(archive, {"Secret", "", "secret "}, problem));
  EXPECT_EQ(problem, Reason::encrypted);
  problem = Reason::none;
  const auto plain = unlock(archive, {"wrong", "secret"}, problem);
  ASSERT_TRUE(plain);
  EXPECT_EQ(problem, Reason::none);
  const TestDirectory work;
  work.write("plain.7z", *plain);
  work.run("7zz x -bso0 -bsp0 -pnone plain.7z");
  EXPECT_EQ(work.read("a.txt"), text());
  EXPECT_EQ(work.read("b.exe"), program());
  EXPECT_EQ(work.read("empty"), "");
}

constexpr Row kRows[] = {
    {"Data", ""},
    {"Header", "-mhe=on"},
    {"Stored", "-mx0"},
    {"StoredHeader", "-mx0 -mhe=on"},
    {"PlainHeader", "-mhc=off"},
    {"Loose", "-ms=off"},
    {"Lzma", "-m0=LZMA"},
    {"Bcj2", "-m0=BCJ2 -m1=LZMA -m2=LZMA -m3=LZMA -mb0:1 -mb0s1:2 -mb0s2:3"},
    {"Ppmd", "-m0=PPMd"},
    {"Bzip2", "-m0=BZip2"},
    {"Deflate", "-m0=Deflate"},
};
INSTANTIATE_TEST_SUITE_P(Table, LockedSevenZip, testing::ValuesIn(kRows),
                         [](const auto& each) { return std::string(each.param.name); });

// Sizes that leave every number of bytes of padding, for what has no check but its own shape.
TEST(SevenZipUnlock, TakesTheRightPasswordForEverySize) {
  for (const std::string method : {"LZMA", "LZMA2", "Deflate", "BZip2", "PPMd", "Copy"}) {
    for (std::size_t size = 3000; size < 3008; ++size) {
      const std::string archive = packed_by("7zz a -bso0 -bsp0 -psecret -m0=" + method, "a.7z",
                                            {{"a.txt", text().substr(0, size)}});
      auto problem = Reason::none;
      EXPECT_TRUE(unlock(archive, {"secret"}, problem)) << method << size;
    }
  }
}

struct Chance {
  const char* name;
  std::uint64_t method;
  std::vector<std::uint8_t> properties;
  int most;  // of 5,000
};

// What a wrong key makes of a stream is as good as random: it must not win over the right key that
// comes after it.
TEST(SevenZipUnlock, KnowsWhatCannotBeginAStream) {
  const Chance rows[] = {
      {"LZMA", SevenZipMethod::kLzma, {0x5d, 0, 0, 0x10, 0}, 8},
      {"LZMA2", SevenZipMethod::kLzma2, {24}, 8},
      {"Deflate", SevenZipMethod::kDeflate, {}, 8},
      {"BZip2", SevenZipMethod::kBzip2, {}, 0},
      {"PPMd", SevenZipMethod::kPpmd, {6, 0, 0, 0, 1}, 30},
  };
  std::mt19937 random(7);
  std::string bytes(8192, 0);
  for (const Chance& row : rows) {
    SevenZipCoder coder{.id = {}, .properties = row.properties};
    coder.method = row.method;
    int passed = 0;
    for (int i = 0; i < 5'000; ++i) {
      for (std::size_t at = 0; at < 64; ++at) bytes[at] = static_cast<char>(random());
      if (i % 100 == 0) std::ranges::generate(bytes, [&] { return static_cast<char>(random()); });
      if (can_begin_seven_zip_stream(coder, as_bytes(bytes), true)) ++passed;
    }
    EXPECT_LE(passed, row.most) << row.name;
  }
}

TEST(SevenZipUnlock, TakesPasswordsInUtf8) {
  for (const char* password : {"Paßwort", "秘密", "\xf0\x9f\x94\x91 key"}) {
    auto problem = Reason::none;
    EXPECT_TRUE(unlock(locked("-mhe=on", password), {password}, problem)) << password;
  }
}

TEST(SevenZipUnlock, LeavesOtherFilesAlone) {
  auto problem = Reason::none;
  const std::string plain = packed_by("7zz a -bso0 -bsp0", "a.7z", {{"a.txt", text()}});
  EXPECT_FALSE(unlock(plain, {"secret"}, problem));
  EXPECT_FALSE(unlock("7z\xBC\xAF\x27\x1C", {"secret"}, problem));
  EXPECT_FALSE(unlock("", {"secret"}, problem));
  EXPECT_EQ(problem, Reason::none);
}

TEST(SevenZipUnlock, WantsAllOfItsPasswords) {
  const TestDirectory work;
  work.write("a.txt", text());
  work.write("b.exe", program());
  work.run("7zz a -bso0 -bsp0 -pone a.7z a.txt");
  work.run("7zz a -bso0 -bsp0 -ptwo a.7z b.exe");
  const std::string archive = work.read("a.7z");
  auto problem = Reason::none;
  EXPECT_FALSE(unlock(archive, {"one"}, problem));
  EXPECT_EQ(problem, Reason::encrypted);
  problem = Reason::none;
  EXPECT_TRUE(unlock(archive, {"one", "two"}, problem));
}

TEST(SevenZipUnlock, SurvivesCutsAndDamage) {
  const std::string archive = locked("-mhc=off");
  auto problem = Reason::none;
  for (std::size_t size = 0; size < archive.size(); size += 509) {
    unlock(archive.substr(0, size), {"secret"}, problem);
  }
  const std::size_t header = archive.size() - 200;  // about where it begins
  for (std::size_t at = header; at < archive.size(); at += 3) {
    std::string damaged = archive;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x15);
    unlock(damaged, {"secret"}, problem);
  }
}

TEST(SevenZipLock, BoundsItsRounds) {
  EXPECT_TRUE(read_seven_zip_lock(as_bytes("\x13")));
  EXPECT_TRUE(read_seven_zip_lock(as_bytes("\x3f")));
  EXPECT_FALSE(read_seven_zip_lock(as_bytes("\x19")));
  EXPECT_FALSE(read_seven_zip_lock(as_bytes("\xd3")));
  EXPECT_FALSE(read_seven_zip_lock({}));
}

}  // namespace
}  // namespace weir
