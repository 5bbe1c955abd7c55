#include "proxy/ca_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temp_folder.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

const WallTime kNow{std::chrono::seconds(1'900'000'000)};

struct CaFiles : testing::Test {
  TempFolder state, other;
  void SetUp() override {
    ASSERT_TRUE(create_ca(state.path(), kNow));
    ASSERT_TRUE(create_ca(other.path(), kNow));
  }
  void place_next() {
    fs::copy_file(other / "ca.pem", state / "ca-next.pem");
    fs::copy_file(other / "ca.key", state / "ca-next.key");
  }
  std::string text(const std::string& name) {
    std::ifstream in(state / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  CaSet cas() {
    auto read = read_cas(state.path());
    EXPECT_TRUE(read) << read.error().what;
    return std::move(*read);
  }
};

TEST_F(CaFiles, BothArePublishedBeforeTheNextSigns) {
  EXPECT_EQ(published_pem(cas()), text("ca.pem"));
  place_next();
  EXPECT_EQ(published_pem(cas()), text("ca.pem") + text("ca-next.pem"));
  EXPECT_FALSE(cas().old);
}

TEST_F(CaFiles, TheNextTakesThePlaceAndTheOldIsKept) {
  place_next();
  const std::string old_key = text("ca.key"), next_key = text("ca-next.key");
  const CaSet before = cas();
  ASSERT_TRUE(activate_next_ca(state.path()));
  const CaSet after = cas();
  EXPECT_EQ(after.current.sha256, before.next->sha256);
  EXPECT_EQ(after.old->sha256, before.current.sha256);
  EXPECT_FALSE(after.next);
  EXPECT_EQ(text("ca.key"), next_key);
  EXPECT_EQ(text("ca-old.key"), old_key);
  EXPECT_EQ(activate_next_ca(state.path()).error().code, Errc::not_found);
}

TEST_F(CaFiles, AnActivationThatWasCutIsEndedByTheNextTry) {
  place_next();
  const CaSet before = cas();
  fs::rename(state / "ca-next.key", state / "ca.key");  // and then it was killed
  EXPECT_EQ(discard_next_ca(state.path()).error().code, Errc::invalid);
  ASSERT_TRUE(activate_next_ca(state.path()));
  EXPECT_EQ(cas().current.sha256, before.next->sha256);
}

TEST_F(CaFiles, WithoutOneInForceTheNextIsPutThere) {
  place_next();
  fs::remove(state / "ca.pem");
  fs::remove(state / "ca.key");
  ASSERT_TRUE(activate_next_ca(state.path()));
  EXPECT_FALSE(cas().old);
}

TEST_F(CaFiles, TheEndLeavesOneCa) {
  EXPECT_EQ(finish_rotation(state.path()).error().code, Errc::not_found);
  place_next();
  ASSERT_TRUE(activate_next_ca(state.path()));
  const fs::perms mode = fs::status(state / "ca.pem").permissions();
  const std::string sha = cas().current.sha256;
  ASSERT_TRUE(finish_rotation(state.path()));
  EXPECT_EQ(cas().current.sha256, sha);
  EXPECT_FALSE(fs::exists(state / "ca-old.pem"));
  EXPECT_FALSE(fs::exists(state / "ca-old.key"));
  EXPECT_EQ(fs::status(state / "ca.pem").permissions(), mode);
}

TEST_F(CaFiles, ANextOneCanBeForgotten) {
  EXPECT_EQ(discard_next_ca(state.path()).error().code, Errc::not_found);
  place_next();
  ASSERT_TRUE(discard_next_ca(state.path()));
  EXPECT_FALSE(cas().next);
  EXPECT_FALSE(fs::exists(state / "ca-next.key"));
}

TEST_F(CaFiles, TheWatchSeesEachChangeOnce) {
  CaWatch watch(state.path());
  EXPECT_FALSE(watch.look());
  place_next();
  EXPECT_TRUE(watch.look());
  EXPECT_FALSE(watch.look());
  ASSERT_TRUE(activate_next_ca(state.path()));
  EXPECT_TRUE(watch.look());
  ASSERT_TRUE(finish_rotation(state.path()));
  EXPECT_TRUE(watch.look());
  EXPECT_FALSE(watch.look());
}

}  // namespace
}  // namespace weir
