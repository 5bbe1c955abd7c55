#include "core/landlock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fd.h"
#include "tests/support/temp_folder.h"

namespace weir {
namespace {

bool known() { return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1U) >= 1; }

bool can_write(const std::string& path) {
  return static_cast<bool>(UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
}

// In a process of its own, which cannot be freed again. Its exit code is the first that is wrong.
int tried(const std::string& inside, const std::string& outside) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 1;
  if (!restrict_changes({inside, "/not/there"})) return 2;
  if (!can_write(inside + "/file")) return 3;
  if (::mkdir((inside + "/folder").c_str(), 0700) != 0) return 4;
  if (::symlink("x", (inside + "/link").c_str()) != 0) return 5;
  if (known() && can_write(outside + "/file")) return 6;
  if (known() && ::unlink((outside + "/kept").c_str()) == 0) return 7;
  if (!UniqueFd(::open((outside + "/kept").c_str(), O_RDONLY | O_CLOEXEC))) return 8;
  if (known() && ::kill(::getppid(), 0) == 0 &&
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1U) >= 6)
    return 9;
  ::execl("/bin/true", "true", nullptr);
  return 10;
}

TEST(Landlock, ChangesOnlyBelowWhatIsNamed) {
  const TempFolder inside, outside;
  ASSERT_TRUE(can_write(outside / "kept"));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(tried(inside.path(), outside.path()));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace weir
