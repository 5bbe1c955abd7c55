#include "proxy/index_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/index_of.h"

namespace weir {
namespace {

const WallTime kNow{std::chrono::seconds(1'800'000'000)};

TEST(IndexWatch, TakesEachNewFileOnceAndKeepsWhatIsInForce) {
  const std::string folder = testing::TempDir() + "weir_watch_" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/index";
  const SystemClock clock;
  Log log(STDERR_FILENO, LogLevel::error, clock);
  IndexWatch watch(folder, log);
  EXPECT_EQ(watch.look(), nullptr);  // there is none yet
  write_index(path, {{.value = "one.test"}});
  const auto first = watch.look();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->find_host("www.one.test", kNow).size(), 1U);
  EXPECT_EQ(watch.look(), nullptr);
  write_index(path, {{.value = "two.test"}});
  const auto second = watch.look();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->find_host("two.test", kNow).size(), 1U);
  EXPECT_EQ(first->find_host("one.test", kNow).size(), 1U);  // pinned by whoever has it
  {
    std::ofstream(path + ".bad") << "no index at all";
    std::filesystem::rename(path + ".bad", path);
  }
  EXPECT_EQ(watch.look(), nullptr);
  EXPECT_EQ(second->find_host("two.test", kNow).size(), 1U);
  // The local list beside it: what either says counts.
  write_index(folder + "/local.index", {{.value = "three.test"}});
  const auto both = watch.look();
  ASSERT_NE(both, nullptr);
  EXPECT_EQ(both->find_host("two.test", kNow).size(), 1U);
  EXPECT_EQ(both->find_host("three.test", kNow).size(), 1U);
  EXPECT_EQ(both->size(), 2U);
  std::filesystem::remove(path);
  EXPECT_EQ(watch.look(), nullptr);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace weir
