#include "proxy/sign/confine.h"

#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <array>
#include <cerrno>
#include <memory>

namespace weir {
namespace {

struct FreeFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};

// Messages, waiting, memory, time, randomness, the end. Nothing that makes a descriptor.
constexpr std::array kAllowed{
    SCMP_SYS(recvfrom),      SCMP_SYS(sendto),
    SCMP_SYS(poll),          SCMP_SYS(ppoll),
    SCMP_SYS(read),          SCMP_SYS(write),
    SCMP_SYS(close),         SCMP_SYS(brk),
    SCMP_SYS(mmap),          SCMP_SYS(munmap),
    SCMP_SYS(mremap),        SCMP_SYS(madvise),
    SCMP_SYS(futex),         SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
    SCMP_SYS(time),          SCMP_SYS(getpid),
    SCMP_SYS(gettid),        SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigaction),  SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(sigaltstack),   SCMP_SYS(exit),
    SCMP_SYS(exit_group),    SCMP_SYS(restart_syscall),
    SCMP_SYS(fstat),         SCMP_SYS(newfstatat),
};

// Sanitizer runtimes make calls of their own; there a refused call fails instead of killing.
#ifdef WEIR_SANITIZED
constexpr std::uint32_t kOtherwise = SCMP_ACT_ERRNO(EPERM);
#else
constexpr std::uint32_t kOtherwise = SCMP_ACT_KILL_PROCESS;
#endif

Result<void> set_limit(__rlimit_resource what, rlim_t value) {
  const rlimit limit{value, value};
  if (setrlimit(what, &limit) != 0) return std::unexpected(errno_error("setrlimit", errno));
  return {};
}

Result<void> set_limits(unsigned descriptors) {
  if (auto done = set_limit(RLIMIT_CORE, 0); !done) return done;
  if (auto done = set_limit(RLIMIT_NOFILE, descriptors); !done) return done;
  return set_limit(RLIMIT_NPROC, 0);
}

Result<void> load_filter() {
  const std::unique_ptr<void, FreeFilter> filter(seccomp_init(kOtherwise));
  if (!filter) return fail(Errc::denied, Fault::local, "seccomp: no filter could be made");
  for (const int call : kAllowed) {
    if (const int bad = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0); bad != 0) {
      return std::unexpected(errno_error("seccomp rule", -bad));
    }
  }
  if (const int bad = seccomp_load(filter.get()); bad != 0) {
    return std::unexpected(errno_error("seccomp load", -bad));
  }
  return {};
}

}  // namespace

Result<void> confine_signer(unsigned descriptors) {
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return std::unexpected(errno_error("prctl", errno));
  }
  if (auto done = set_limits(descriptors); !done) return done;
  return load_filter();
}

}  // namespace weir
