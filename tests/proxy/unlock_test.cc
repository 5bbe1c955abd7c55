#include "proxy/unlock.h"

#include <gtest/gtest.h>

#include "inspect/scan_wire.h"

namespace weir {
namespace {

using Words = std::vector<std::string>;

Finding locked(std::string name, std::string where = "") {
  return {Scanner::structure, Verdict::uninspectable, Reason::encrypted, std::move(name),
          std::move(where)};
}

Assessment with(std::vector<Finding> findings) {
  Assessment found;
  for (Finding& finding : findings) found.add(std::move(finding));
  return found;
}

TEST(Unlock, IsOfferedForLockedFilesOnly) {
  const Decision unlock{.action = Action::unlock, .rule = "x", .reason = {}};
  const Decision block{.action = Action::block, .rule = "x", .reason = {}};
  const Assessment lock = with({locked("zip-aes256")});
  EXPECT_TRUE(asks_for_password(unlock, lock));
  EXPECT_FALSE(asks_for_password(block, lock));
  EXPECT_FALSE(asks_for_password(unlock, with({})));
  EXPECT_FALSE(asks_for_password(
      unlock, with({{Scanner::structure, Verdict::uninspectable, Reason::corrupt, "zip", ""}})));
}

TEST(Unlock, SaysWhetherAnythingWasOpened) {
  const Finding sign{Scanner::structure, Verdict::clean, Reason::none, "unlocked-zip-aes256", ""};
  const Finding late{Scanner::structure, Verdict::uninspectable, Reason::timeout, "time", ""};
  EXPECT_FALSE(opened_something(with({locked("zip-aes256")})));
  EXPECT_FALSE(opened_something(with({late})));
  EXPECT_TRUE(opened_something(with({})));
  EXPECT_TRUE(opened_something(with({sign, locked("7z-encrypted", "inner.7z")})));
  EXPECT_TRUE(opened_something(with({{Scanner::yara, Verdict::malicious, Reason::none, "r", ""}})));
  EXPECT_EQ(lock_of(with({sign, locked("7z-encrypted", "inner.7z")})).where, "inner.7z");
}

TEST(Unlock, TriesEachPasswordOnceWithinWhatAJobTakes) {
  const Words first{"a", "", "b"}, then{"b", "c"},
      last{std::string(kMaxScanPassword + 1, 'x'), "d"};
  EXPECT_EQ(passwords_to_try(first, then, last), (Words{"a", "b", "c", "d"}));
  Words many;
  for (int i = 0; i < 100; ++i) many.push_back(std::to_string(i));
  EXPECT_EQ(passwords_to_try({}, many, {}).size(), kMaxScanPasswords);
  EXPECT_TRUE(passwords_to_try(Words{std::string("a\0b", 3)}, {}, {}).empty());
}

}  // namespace
}  // namespace weir
