#include "inspect/hash_list.h"

#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <random>

#include "core/digest.h"

namespace weir {
namespace {

class HashListTest : public testing::Test {
 protected:
  HashListTest() {
    std::string name = testing::TempDir() + "lists-XXXXXX";
    dir_ = ::mkdtemp(name.data());
  }
  ~HashListTest() override { std::filesystem::remove_all(dir_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(dir_ + "/" + name) << text;
    return dir_ + "/" + name;
  }

  std::string dir_;
};

std::string digest_of(std::string_view text) { return sha256_hex(as_bytes(text)); }
std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}
const std::string kSha1(40, 'a');
const std::string kMd5(32, 'b');

TEST_F(HashListTest, PlainLists) {
  const auto list = HashList::load(
      {write("bad.txt", "# comment\n\n" + digest_of("1") + "\n" + upper(digest_of("2")) +
                            "  Trojan.Two\r\n" + digest_of("3") + ",Trojan Three, really\n" +
                            digest_of("4") + " *file.exe\n\"" + digest_of("5") + "\",\"Quoted\"\n" +
                            digest_of("6") + "\tTab\x01\n")});
  ASSERT_TRUE(list.has_value()) << list.error().what;
  const std::pair<const char*, const char*> want[] = {
      {"1", "bad.txt"},  {"2", "Trojan.Two"}, {"3", "Trojan Three, really"},
      {"4", "file.exe"}, {"5", "Quoted"},     {"6", "Tab\\x01"}};
  for (const auto& [text, name] : want) EXPECT_EQ(list->find(digest_of(text), "", "", 7), name);
  EXPECT_EQ(list->find(digest_of("7"), kSha1, kMd5, 7), std::nullopt);
  EXPECT_EQ(list->find("", "", "", 0), std::nullopt);
  EXPECT_EQ(list->find("nonsense", "", "", 0), std::nullopt);
  EXPECT_FALSE(list->wants_old_digests());
  EXPECT_EQ(list->size(), 6U);
}

TEST_F(HashListTest, OldDigestsAreAskedFor) {
  const auto md5 = HashList::load({write("a", kMd5 + "\n")});
  ASSERT_TRUE(md5.has_value());
  EXPECT_TRUE(md5->wants_old_digests());
  EXPECT_EQ(md5->find(digest_of(""), kSha1, kMd5, 1), "a");
  const auto sha1 = HashList::load({write("b", kSha1 + " Name")});
  ASSERT_TRUE(sha1.has_value());
  EXPECT_TRUE(sha1->wants_old_digests());
  EXPECT_EQ(sha1->find(digest_of(""), kSha1, kMd5, 1), "Name");
}

TEST_F(HashListTest, ClamavListsKnowSizes) {
  const auto list = HashList::load(
      {write("x.hdb", kMd5 + ":68:Eicar-Test-Signature\n" + kMd5 + ":70:Other\n"),
       write("y.hsb", digest_of("s") + ":*:Any.Size:73\n" + kSha1 + ":5:One.Size:73:200\n")});
  ASSERT_TRUE(list.has_value()) << list.error().what;
  EXPECT_EQ(list->find("", "", kMd5, 68), "Eicar-Test-Signature");
  EXPECT_EQ(list->find("", "", kMd5, 70), "Other");
  EXPECT_EQ(list->find("", "", kMd5, 69), std::nullopt);
  EXPECT_EQ(list->find(digest_of("s"), "", "", 123), "Any.Size");
  EXPECT_EQ(list->find("", kSha1, "", 5), "One.Size");
  EXPECT_EQ(list->find("", kSha1, "", 6), std::nullopt);
}

TEST_F(HashListTest, MistakesAreNamedByFileAndLine) {
  const struct {
    std::string name, text, want;
  } table[] = {
      {"a", digest_of("") + "\nzzz\n", "/a:2: not a digest in hex: zzz"},
      {"b", "abcd", "/b:1: not of the length of SHA-256, SHA-1 or MD5: abcd"},
      {"c", std::string(31, 'a'), "/c:1: not a digest in hex"},
      {"d.hdb", kMd5 + "\n", "/d.hdb:1: not digest:size:name"},
      {"e.hdb", kMd5 + ":x:Name", "/e.hdb:1: the size is no number"},
      {"f.hdb", kMd5 + "::Name", "/f.hdb:1: the size is no number"},
      {"g.hsb", kMd5 + ":1:", "/g.hsb:1: no name"},
      {"h.hsb", kMd5 + ":99999999999999999999999:N", "/h.hsb:1: the size is no number"},
      {"i", "x\nx\nx\nx\nx\nx\nx\n", "; and 2 more"},
      {"j", "a\x1b[31m\n", "/j:1: not a digest in hex: a\\x1b[31m"},
  };
  for (const auto& row : table) {
    const auto list = HashList::load({write(row.name, row.text)});
    ASSERT_FALSE(list.has_value()) << row.name;
    EXPECT_EQ(list.error().fault, Fault::config);
    EXPECT_NE(list.error().what.find(row.want), std::string::npos) << list.error().what;
  }
  const auto none = HashList::load({dir_ + "/none"});
  ASSERT_FALSE(none.has_value());
  EXPECT_NE(none.error().what.find("/none"), std::string::npos);
}

TEST_F(HashListTest, ManyEntriesAreAllFoundAndNoOthers) {
  std::string text;
  for (int i = 0; i < 20'000; ++i)
    text += digest_of(std::to_string(i)) + " n" + std::to_string(i) + "\n";
  const auto list = HashList::load({write("many", text)});
  ASSERT_TRUE(list.has_value());
  for (int i = 0; i < 20'000; i += 7) {
    EXPECT_EQ(list->find(digest_of(std::to_string(i)), "", "", 1), "n" + std::to_string(i));
    EXPECT_EQ(list->find(digest_of("x" + std::to_string(i)), "", "", 1), std::nullopt);
  }
}

TEST_F(HashListTest, NoListsKnowNothing) {
  const auto list = HashList::load({});
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->size(), 0U);
  EXPECT_EQ(list->find(digest_of(""), kSha1, kMd5, 0), std::nullopt);
}

}  // namespace
}  // namespace weir
