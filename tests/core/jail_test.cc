#include "core/jail.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

namespace weir {
namespace {

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEIR_TEST_THREAD_SANITIZER 1
#endif
#endif

constexpr int kSetUpFailed = 99;
constexpr int kDone = 0, kDenied = 1;

// What a child does in its jail; tells by its exit code whether it could.
using Deed = int (*)();

int exit_status(int status) {
  if (WIFSIGNALED(status)) return -WTERMSIG(status);
  return WEXITSTATUS(status);
}

// Forks, enters the jail and does the deed. A death by signal is negative.
int in_jail(const JailSpec& spec, Deed deed) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto report = enter_jail(spec, false);
    if (!report) {
      std::fprintf(stderr, "%s\n", report.error().what.c_str());
      ::_exit(kSetUpFailed);
    }
    ::_exit(deed());
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return exit_status(status);
}

int make_socket() { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0 ? kDone : kDenied; }
int open_passwd() { return ::open("/etc/passwd", O_RDONLY) >= 0 ? kDone : kDenied; }
int fork_child() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  return pid > 0 ? kDone : kDenied;
}
int execute() {
  char program[] = "/bin/true";
  char* arguments[] = {program, nullptr};
  ::execv(program, arguments);
  return kDenied;
}
[[maybe_unused]] int make_code() {
  void* at = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at != MAP_FAILED ? kDone : kDenied;
}
int kill_parent() { return ::kill(::getppid(), 0) == 0 ? kDone : kDenied; }
int trace_parent() { return ::open("/proc/self/mem", O_RDWR) >= 0 ? kDone : kDenied; }
int compute() {
  std::vector<std::string> texts(1000, std::string(1000, 'x'));
  return texts.back().size() == 1000 ? kDone : kDenied;
}
[[maybe_unused]] int write_scratch() {
  const int fd = ::open("/scratch/file", O_RDWR | O_CREAT, 0600);
  return fd >= 0 && ::write(fd, "x", 1) == 1 ? kDone : kDenied;
}
[[maybe_unused]] int fill_scratch() {
  const int fd = ::open("/scratch/file", O_RDWR | O_CREAT, 0600);
  const std::vector<char> block(256 * 1024, 'x');
  for (int i = 0; i < 8; ++i) {
    if (::write(fd, block.data(), block.size()) != std::ssize(block)) return kDenied;
  }
  return kDone;
}
[[maybe_unused]] int write_root() {
  return ::open("/other", O_RDWR | O_CREAT, 0600) >= 0 ? kDone : kDenied;
}
[[maybe_unused]] int see_old_root() { return ::access("/usr", F_OK) == 0 ? kDone : kDenied; }
[[maybe_unused]] int see_interfaces() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr storage{};
  storage.sa_family = AF_INET;
  storage.sa_data[1] = 9;                            // port 9
  storage.sa_data[2] = 127, storage.sa_data[5] = 1;  // loopback is down
  const int done = ::connect(fd, &storage, sizeof storage);
  return done == 0 || errno == ECONNREFUSED || errno == EINPROGRESS ? kDone : kDenied;
}
int eat_memory() {
  void* at = ::mmap(nullptr, 1UL << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at != MAP_FAILED ? kDone : kDenied;
}
int is_nobody() { return ::geteuid() != 0 ? kDone : kDenied; }

struct Case {
  const char* name;
  Deed deed;
};
constexpr std::array kForbidden{
    Case{"socket", make_socket}, Case{"open", open_passwd}, Case{"fork", fork_child},
    Case{"exec", execute},       Case{"kill", kill_parent}, Case{"own memory", trace_parent},
};

JailSpec filter_only() {
  JailSpec spec;
  spec.allowed = basic_syscalls();
  return spec;
}

TEST(Jail, TheFilterEndsWhoCallsOutsideTheList) {
  for (const Case& forbidden : kForbidden) {
#ifdef WEIR_SANITIZED
    EXPECT_EQ(in_jail(filter_only(), forbidden.deed), kDenied) << forbidden.name;
#else
    EXPECT_EQ(in_jail(filter_only(), forbidden.deed), -SIGSYS) << forbidden.name;
#endif
  }
  EXPECT_EQ(in_jail(filter_only(), compute), kDone);
}

TEST(Jail, WithoutItTheSameDeedsAreDone) {
  JailSpec spec;
  spec.leave_root = false;
  spec.no_new_privileges = false;
  for (const Case& allowed : {Case{"socket", make_socket}, Case{"open", open_passwd},
                              Case{"fork", fork_child}, Case{"memory", eat_memory}}) {
    EXPECT_EQ(in_jail(spec, allowed.deed), kDone) << allowed.name;
  }
}

#ifndef WEIR_SANITIZED
TEST(Jail, NoMemoryBecomesCode) { EXPECT_EQ(in_jail(filter_only(), make_code), -SIGSYS); }

TEST(Jail, RefusedCallsFailWithoutEndingTheProcess) {
  JailSpec spec = filter_only();
  constexpr std::array kRefused{SYS_socket};
  std::vector<int> refused(kRefused.begin(), kRefused.end());
  spec.refused = refused;
  EXPECT_EQ(in_jail(spec, make_socket), kDenied);
}

TEST(Jail, LimitsHold) {
  JailSpec spec;
  spec.limits = {{RLIMIT_DATA, own_data_bytes() + (100U << 20)}};
  EXPECT_EQ(in_jail(spec, eat_memory), kDenied);
}
#endif

TEST(Jail, LandlockDeniesFiles) {
  JailSpec spec;
  spec.landlock = true;
  EXPECT_EQ(in_jail(spec, open_passwd), kDenied);
}

TEST(Jail, RootIsLeft) { EXPECT_EQ(in_jail(JailSpec{}, is_nobody), kDone); }

#ifndef WEIR_TEST_THREAD_SANITIZER
JailSpec alone() {
  JailSpec spec;
  spec.user = spec.mount = spec.net = spec.ipc = spec.uts = true;
  spec.empty_root = true;
  spec.scratch_bytes = 1U << 20;
  return spec;
}

TEST(Jail, NamespacesLeaveAnEmptyRootAndNoNetwork) {
  EXPECT_EQ(in_jail(alone(), open_passwd), kDenied);
  EXPECT_EQ(in_jail(alone(), see_old_root), kDenied);
  EXPECT_EQ(in_jail(alone(), write_root), kDenied);
  EXPECT_EQ(in_jail(alone(), see_interfaces), kDenied);
}

TEST(Jail, TheScratchDirectoryIsWritableAndBounded) {
  JailSpec spec = alone();
  spec.landlock = true;
  spec.writable = kScratch;
  spec.drop_capabilities = true;
  EXPECT_EQ(in_jail(spec, write_scratch), kDone);
  EXPECT_EQ(in_jail(spec, fill_scratch), kDenied);
  EXPECT_EQ(in_jail(spec, write_root), kDenied);
}
#endif

int layer_that_cannot_be(bool best_effort) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    JailSpec spec;
    spec.landlock = true;
    spec.writable = "/there/is/no/such/directory";
    const auto report = enter_jail(spec, best_effort);
    if (!report) ::_exit(report.error().what.starts_with("jail: landlock: ") ? 10 : 11);
    ::_exit(report->missing.size() == 1 && report->has("no new privileges") ? 20 : 21);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return exit_status(status);
}

TEST(Jail, AMissingLayerIsAnErrorOrReported) {
  EXPECT_EQ(layer_that_cannot_be(false), 10);
  EXPECT_EQ(layer_that_cannot_be(true), 20);
}

}  // namespace
}  // namespace weir
