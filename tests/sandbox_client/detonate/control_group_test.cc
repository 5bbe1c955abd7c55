#include "sandbox_client/detonate/control_group.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temp_folder.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

// A folder that looks like the kernel's: writing goes to files that are there.
class ControlGroupTest : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    const std::string whole = tree_ / path;
    fs::create_directories(fs::path(whole).parent_path());
    std::ofstream(whole) << text;
  }
  std::string text(const std::string& path) {
    std::ifstream in(tree_ / path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::vector<std::string> cells(const std::string& path) {
    std::vector<std::string> found;
    for (const auto& one : fs::directory_iterator(tree_ / path)) {
      if (one.is_directory()) found.push_back(one.path().filename().string());
    }
    return found;
  }
  TempFolder tree_;
  GroupLimits limits_{.memory = 1000, .processes = 20};
};

TEST_F(ControlGroupTest, NothingWhereNothingCanBeMade) {
  for (const std::string own : {"", "0::/a", "nonsense", "4:memory:/b\n0::/a\n", "0::/../..\n"}) {
    ControlGroup group = ControlGroup::make(tree_ / "none", own, limits_);
    EXPECT_FALSE(group.bounds_memory()) << own;
    group.add(::getpid());
  }
  EXPECT_FALSE(fs::exists(tree_ / "none"));
}

TEST_F(ControlGroupTest, AGroupWithOthersInItIsNotDivided) {
  put("a/cgroup.controllers", "cpu memory pids\n");
  put("a/cgroup.procs", "1\n" + std::to_string(::getpid()) + "\n");
  EXPECT_FALSE(ControlGroup::make(tree_.path(), "0::/a\n", limits_).bounds_memory());
  EXPECT_TRUE(cells("a").empty());
}

TEST_F(ControlGroupTest, VersionTwoNeedsBothControllers) {
  put("a/cgroup.controllers", "cpu memory\n");
  put("a/cgroup.subtree_control", "");
  EXPECT_FALSE(ControlGroup::make(tree_.path(), "0::/a\n", limits_).bounds_memory());
  EXPECT_TRUE(cells("a").empty());
}

TEST_F(ControlGroupTest, DividesItsOwnGroup) {
  put("a/cgroup.controllers", "cpu memory pids\n");
  put("a/cgroup.subtree_control", "");
  const ControlGroup group = ControlGroup::make(tree_.path(), "1:name=x:/z\n0::/a\n", limits_);
  EXPECT_EQ(text("a/cgroup.subtree_control"), "+memory +pids");
  EXPECT_EQ(cells("a").size(), 1U);
}

TEST_F(ControlGroupTest, CountsWhomTheKernelEnded) {
  put("a/cgroup.controllers", "cpu memory pids\n");
  put("a/cgroup.subtree_control", "");
  const ControlGroup group = ControlGroup::make(tree_.path(), "0::/a\n", limits_);
  EXPECT_EQ(group.memory_kills(), 0U);
  put("a/" + cells("a").front() + "/memory.events", "low 0\noom 9\noom_kill 3\n");
  EXPECT_EQ(group.memory_kills(), 3U);
}

TEST_F(ControlGroupTest, SweepsWhatAKilledWorkerLeft) {
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(gone, nullptr, 0), gone);
  put("a/cgroup.controllers", "cpu memory pids\n");
  put("a/cgroup.subtree_control", "");
  fs::create_directories(tree_ / ("a/weir-cell-" + std::to_string(gone) + "-0"));
  fs::create_directories(tree_ / ("a/weir-cell-" + std::to_string(::getppid()) + "-0"));
  const ControlGroup group = ControlGroup::make(tree_.path(), "0::/a\n", limits_);
  EXPECT_EQ(cells("a").size(), 2U);  // its own, and that of somebody who runs
}

// The real tree, where this user may make groups in it.
TEST(ControlGroup, HoldsItsProcessesAndGoes) {
  std::ifstream in("/proc/self/cgroup");
  const std::string own{std::istreambuf_iterator<char>(in), {}};
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  std::string inside;
  {
    ControlGroup group =
        ControlGroup::make("/sys/fs/cgroup", own, {.memory = 64 << 20, .processes = 20});
    const bool made = group.bounds_memory();
    group.add(child);
    std::ifstream of("/proc/" + std::to_string(child) + "/cgroup");
    inside = {std::istreambuf_iterator<char>(of), {}};
    EXPECT_EQ(made, inside.find("weir-cell-") != inside.npos) << inside;
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  }
  const std::size_t at = inside.find("memory:");
  if (at == inside.npos) return;
  const std::size_t from = at + std::string_view("memory:").size();
  const std::string path = inside.substr(from, inside.find('\n', from) - from);
  if (path.find("weir-cell-") != path.npos)
    EXPECT_FALSE(fs::exists("/sys/fs/cgroup/memory" + path));
}

}  // namespace
}  // namespace weir
