#include "feeds/local_list.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "feeds/reputation.h"

namespace weir {
namespace {

using std::chrono::seconds;

class LocalListTest : public testing::Test {
 protected:
  ~LocalListTest() override { std::filesystem::remove(path_); }
  LocalList loaded() {
    auto list = LocalList::load(path_);
    EXPECT_TRUE(list) << (list ? "" : list.error().what);
    return list ? *list : LocalList();
  }
  std::string path_ = testing::TempDir() + "weir_local_" + std::to_string(::getpid()) + ".json";
};

TEST_F(LocalListTest, KeepsWhatItWasTold) {
  EXPECT_TRUE(loaded().entries().empty());
  LocalList list;
  auto domain = *local_entry("*.Evil.TEST.");
  domain.added = WallTime(seconds(1'800'000'000));
  domain.expiry = domain.added + seconds(60);
  domain.why = "phish, \"ticket\" 7\n: {x}";
  ASSERT_TRUE(list.put(domain));
  auto url = *local_entry("https://shared.test/~bad/x.exe?a=1");
  url.allow = true;
  ASSERT_TRUE(list.put(url));
  ASSERT_TRUE(list.save(path_));
  EXPECT_EQ(loaded().entries(), list.entries());
  EXPECT_EQ(std::filesystem::status(path_).permissions() & std::filesystem::perms::all,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(LocalListTest, TellsTheKind) {
  const std::pair<const char*, IndicatorKind> rows[] = {
      {"evil.test", IndicatorKind::domain},
      {"192.0.2.7", IndicatorKind::ip},
      {"2001:db8::/32", IndicatorKind::cidr},
      {"http://a.test/b", IndicatorKind::url},
      {"a.test/b", IndicatorKind::url},
      {"D41D8CD98F00B204E9800998ECF8427E", IndicatorKind::md5},
      {"da39a3ee5e6b4b0d3255bfef95601890afd80709", IndicatorKind::sha1},
      {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", IndicatorKind::sha256}};
  for (const auto& [text, kind] : rows) {
    const auto entry = local_entry(text);
    ASSERT_TRUE(entry) << text;
    EXPECT_EQ(entry->kind, kind) << text;
  }
  for (const char* bad : {"", "two words", "0.0.0.0/0", "http://"}) {
    EXPECT_FALSE(local_entry(bad)) << bad;
  }
}

TEST_F(LocalListTest, ReplacesRemovesAndLetsGo) {
  LocalList list;
  ASSERT_TRUE(list.put(*local_entry("evil.test")));
  auto again = *local_entry("EVIL.test");
  again.allow = true;
  again.expiry = WallTime(seconds(100));
  ASSERT_TRUE(list.put(again));
  ASSERT_EQ(list.entries().size(), 1U);
  const Indicator made = list.indicators().front();
  EXPECT_EQ(made.about.source, kLocalSource);
  EXPECT_EQ(made.about.threat, Threat::allow);
  list.drop_expired(WallTime(seconds(99)));
  EXPECT_EQ(list.entries().size(), 1U);
  list.drop_expired(WallTime(seconds(100)));
  EXPECT_TRUE(list.entries().empty());
  EXPECT_FALSE(list.remove(IndicatorKind::domain, "evil.test"));
}

TEST_F(LocalListTest, DamageIsSaidWithItsPlace) {
  const std::pair<const char*, const char*> rows[] = {
      {"[{kind: domain, value: a.test, action: block, added: 1}", ""},
      {"{kind: domain}", "must be a list"},
      {"[{kind: dome, value: a.test, action: block}]", "'kind'"},
      {"[{kind: domain, value: 'a b', action: block}]", "forbidden"},
      {"[{kind: domain, value: a.test, action: maybe}]", "block or allow"},
      {"[{kind: domain, value: a.test, action: block, extra: 1}]", "extra"},
      {"[{kind: domain, value: a.test, action: block, added: -1}]", "added"}};
  for (const auto& [text, want] : rows) {
    std::ofstream(path_) << text;
    const auto list = LocalList::load(path_);
    ASSERT_FALSE(list) << text;
    EXPECT_NE(list.error().what.find(want), std::string::npos) << text << "\n" << list.error().what;
    EXPECT_NE(list.error().what.find(path_ + ":1:"), std::string::npos) << list.error().what;
  }
}

}  // namespace
}  // namespace weir
