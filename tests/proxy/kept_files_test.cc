#include "proxy/kept_files.h"

#include <gtest/gtest.h>

#include "proxy/page_words.h"

namespace weir {
namespace {

using Words = std::vector<std::string>;
using std::chrono::seconds;

const FileOwner kAlice{*IpAddress::parse("192.0.2.1"), "alice"};
const FileOwner kBob{*IpAddress::parse("192.0.2.2"), "bob"};

class KeptFilesTest : public testing::Test {
 protected:
  std::string keep(const FileOwner& owner, std::string name) {
    KeptFile file;
    file.owner = owner;
    file.name = std::move(name);
    return files_.keep(std::move(file), seconds(60));
  }

  ManualClock clock_;
  SystemRandom random_;
  KeptFiles files_{{.files = 3, .files_per_client = 2, .tries_per_minute = 2}, clock_, random_};
};

TEST_F(KeptFilesTest, AreTheirOwnersOnly) {
  const std::string id = keep(kAlice, "a.zip");
  EXPECT_EQ(id.size(), 32U);
  ASSERT_TRUE(files_.look(id, kAlice));
  EXPECT_EQ(files_.look(id, kAlice)->name, "a.zip");
  EXPECT_FALSE(files_.look(id, kBob));
  EXPECT_FALSE(files_.look(id, {kAlice.client, "mallory"}));
  EXPECT_FALSE(files_.take(id, kBob));
  EXPECT_FALSE(files_.look("", kAlice));
}

TEST_F(KeptFilesTest, GoAfterTheirTime) {
  const std::string id = keep(kAlice, "a.zip");
  clock_.advance(seconds(59));
  EXPECT_TRUE(files_.look(id, kAlice));
  clock_.advance(seconds(2));
  files_.sweep();
  EXPECT_EQ(files_.size(), 0U);
  EXPECT_FALSE(files_.look(id, kAlice));
}

TEST_F(KeptFilesTest, MakeRoomForNewerOnes) {
  const std::string a1 = keep(kAlice, "1"), a2 = keep(kAlice, "2"), a3 = keep(kAlice, "3");
  EXPECT_FALSE(files_.look(a1, kAlice));  // one client has two
  EXPECT_TRUE(files_.look(a2, kAlice));
  const std::string b1 = keep(kBob, "1"), b2 = keep(kBob, "2");
  EXPECT_FALSE(files_.look(a2, kAlice));  // three in all
  EXPECT_TRUE(files_.look(a3, kAlice));
  EXPECT_TRUE(files_.look(b1, kBob));
  EXPECT_TRUE(files_.look(b2, kBob));
}

TEST_F(KeptFilesTest, AreUsedByOneAtATimeAndNotDroppedMeanwhile) {
  const std::string id = keep(kAlice, "a.zip");
  {
    const auto turn = files_.take(id, kAlice);
    ASSERT_TRUE(turn);
    EXPECT_EQ(turn.file().name, "a.zip");
    EXPECT_FALSE(files_.take(id, kAlice));
    clock_.advance(seconds(61));
    EXPECT_TRUE(files_.look(id, kAlice));
  }
  EXPECT_FALSE(files_.look(id, kAlice));
}

TEST_F(KeptFilesTest, HaveANewFormAfterEachTry) {
  const std::string id = keep(kAlice, "a.zip");
  const std::string before = files_.look(id, kAlice)->state.form_token;
  {
    auto turn = files_.take(id, kAlice);
    KeptState state = turn.state();
    state.phase = KeptState::Phase::wrong;
    state.tries = 1;
    turn.set_state(state);
  }
  const KeptState after = files_.look(id, kAlice)->state;
  EXPECT_EQ(after.phase, KeptState::Phase::wrong);
  EXPECT_EQ(after.tries, 1U);
  EXPECT_NE(after.form_token, before);
}

TEST_F(KeptFilesTest, NothingIsKeptWhenNothingMayBe) {
  KeptFiles none({.files = 0, .files_per_client = 2, .tries_per_minute = 2}, clock_, random_);
  KeptFile file;
  file.owner = kAlice;
  EXPECT_EQ(none.keep(std::move(file), seconds(60)), "");
}

TEST_F(KeptFilesTest, CountTriesByClient) {
  EXPECT_TRUE(files_.may_try(kAlice.client));
  EXPECT_TRUE(files_.may_try(kAlice.client));
  EXPECT_FALSE(files_.may_try(kAlice.client));
  EXPECT_TRUE(files_.may_try(kBob.client));
  clock_.advance(seconds(61));
  EXPECT_TRUE(files_.may_try(kAlice.client));
}

class PageWordsTest : public testing::Test {
 protected:
  static Url url(std::string_view text) { return *parse_url(text); }
  ManualClock clock_;
  PortalSettings settings_{.remembered_pages = 2, .page_memory = seconds(60)};
  PageWords words_{settings_, clock_};
};

TEST_F(PageWordsTest, AreOfThePageThatLedHere) {
  words_.remember(kAlice, url("https://a.test/mail?id=1"), {"one"});
  words_.remember(kAlice, url("https://a.test/other"), {"two", "one"});
  EXPECT_EQ(words_.find(kAlice, "https://a.test/mail?id=1"), Words{"one"});
  EXPECT_EQ(words_.find(kAlice, "https://a.test/"), (Words{"two", "one"}));
  EXPECT_EQ(words_.find(kAlice, "https://a.test/nothing"), Words{});
  EXPECT_EQ(words_.find(kAlice, "http://a.test/"), Words{});
  EXPECT_EQ(words_.find(kAlice, ""), Words{});
  EXPECT_EQ(words_.find(kAlice, "nonsense"), Words{});
  EXPECT_EQ(words_.find(kBob, "https://a.test/other"), Words{});
}

TEST_F(PageWordsTest, AreBoundedAndForgotten) {
  for (const char* page : {"https://a.test/1", "https://a.test/2", "https://a.test/3"}) {
    words_.remember(kAlice, url(page), {page});
  }
  EXPECT_EQ(words_.find(kAlice, "https://a.test/1"), Words{});
  EXPECT_EQ(words_.find(kAlice, "https://a.test/2").size(), 1U);
  words_.remember(kAlice, url("https://a.test/2"), {"newer"});
  EXPECT_EQ(words_.find(kAlice, "https://a.test/2"), Words{"newer"});
  clock_.advance(seconds(61));
  EXPECT_EQ(words_.find(kAlice, "https://a.test/2"), Words{});
  Words many;
  for (int i = 0; i < 50; ++i) many.push_back(std::to_string(i));
  words_.remember(kAlice, url("https://b.test/"), many);
  EXPECT_EQ(words_.find(kAlice, "https://b.test/").size(), PageWords::kMost);
}

TEST_F(KeptFilesTest, OfASandboxAreFoundAgainWhileTheyWait) {
  KeptFile file;
  file.owner = kAlice;
  file.sha256 = "abc";
  file.url = *parse_url("https://files.test/a.sh");
  file.held.emplace();
  file.held->under_way = std::make_shared<SandboxCase>(clock_.steady(), seconds(3));
  file.held->until = clock_.steady() + seconds(9);
  const std::string id = files_.keep(std::move(file), seconds(60));
  const auto view = files_.look(id, kAlice);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->state.phase, KeptState::Phase::waiting);
  EXPECT_EQ(view->from, "files.test");
  EXPECT_EQ(view->under_way->usual(), seconds(3));
  EXPECT_EQ(files_.find_same(kAlice, "https://files.test/a.sh", "abc"), id);
  EXPECT_EQ(files_.find_same(kBob, "https://files.test/a.sh", "abc"), "");
  EXPECT_EQ(files_.find_same(kAlice, "https://files.test/b.sh", "abc"), "");
  EXPECT_EQ(files_.find_same(kAlice, "https://files.test/a.sh", "abd"), "");
  auto turn = files_.take(id, kAlice);
  KeptState state = turn.state();
  state.phase = KeptState::Phase::refused;
  turn.set_state(state);
  EXPECT_EQ(files_.find_same(kAlice, "https://files.test/a.sh", "abc"), "");
}

}  // namespace
}  // namespace weir
