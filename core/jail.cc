#include "core/jail.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "core/fd.h"
#include "core/landlock.h"

namespace weir {
namespace {

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif
#else
constexpr bool kThreadSanitizer = false;
#endif

// Sanitizer runtimes make calls of their own; there a refused call fails instead of ending all, and
// the address space, full of shadow memory, is not limited.
#ifdef WEIR_SANITIZED
constexpr bool kSanitized = true;
constexpr std::uint32_t kOtherwise = SCMP_ACT_ERRNO(EPERM);
#else
constexpr bool kSanitized = false;
constexpr std::uint32_t kOtherwise = SCMP_ACT_KILL_PROCESS;
#endif

constexpr std::array kBasic{
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(close),
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(sched_yield),
};

// Their run time tries a pointer by writing what is there into a pipe.
constexpr std::array kForSanitizers{SCMP_SYS(pipe), SCMP_SYS(pipe2)};

std::unexpected<Error> system_error(std::string_view call) {
  return std::unexpected(errno_error(call, errno));
}

Result<void> write_text(const char* path, std::string_view text) {
  const UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
  if (!fd) return system_error(path);
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return system_error(path);
  }
  return {};
}

Result<void> become_nobody() {
  if (::geteuid() != 0) return {};
  if (::setgroups(0, nullptr) != 0) return system_error("setgroups");
  if (::setresgid(kNobody, kNobody, kNobody) != 0) return system_error("setresgid");
  if (::setresuid(kNobody, kNobody, kNobody) != 0) return system_error("setresuid");
  // The change of uid took /proc/self away, which the maps of a user namespace need.
  if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return system_error("prctl");
  return {};
}

int namespace_flags(const JailSpec& spec) {
  int flags = 0;
  if (spec.user) flags |= CLONE_NEWUSER;
  if (spec.mount) flags |= CLONE_NEWNS;
  if (spec.net) flags |= CLONE_NEWNET;
  if (spec.pid) flags |= CLONE_NEWPID;
  if (spec.ipc) flags |= CLONE_NEWIPC;
  if (spec.uts) flags |= CLONE_NEWUTS;
  return flags;
}

Result<void> map_user(uid_t uid, gid_t gid) {
  const std::string user = std::to_string(uid) + " " + std::to_string(uid) + " 1";
  const std::string group = std::to_string(gid) + " " + std::to_string(gid) + " 1";
  if (auto done = write_text("/proc/self/setgroups", "deny"); !done) return done;
  if (auto done = write_text("/proc/self/uid_map", user); !done) return done;
  return write_text("/proc/self/gid_map", group);
}

constexpr unsigned long kPlainMount = MS_NOSUID | MS_NODEV | MS_NOEXEC;

// Any directory will do to mount the new root on; it hides itself.
const char* mount_point() {
  constexpr std::array<const char*, 4> kCandidates{"/tmp", "/var", "/usr", "/etc"};
  for (const char* path : kCandidates) {
    if (::access(path, F_OK) == 0) return path;
  }
  return "/";
}

Result<void> empty_the_root() {
  const char* base = mount_point();
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return system_error("mount / private");
  }
  if (::mount("weir", base, "tmpfs", kPlainMount, "size=64k,mode=755") != 0) {
    return system_error("mount tmpfs");
  }
  if (::chdir(base) != 0) return system_error("chdir");
  if (::mkdir("scratch", 0700) != 0) return system_error("mkdir scratch");
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return system_error("pivot_root");
  if (::umount2(".", MNT_DETACH) != 0) return system_error("umount2 old root");
  if (::chdir("/") != 0) return system_error("chdir /");
  constexpr unsigned long kReadOnly = MS_REMOUNT | MS_BIND | MS_RDONLY | kPlainMount;
  if (::mount(nullptr, "/", nullptr, kReadOnly, nullptr) != 0) return system_error("remount /");
  return {};
}

Result<void> mount_scratch(std::uint64_t bytes) {
  const std::string options = "mode=700,nr_inodes=100000,size=" + std::to_string(bytes);
  if (::mount("weir", kScratch.data(), "tmpfs", kPlainMount, options.c_str()) != 0) {
    return system_error("mount /scratch");
  }
  return {};
}

Result<void> enter_namespaces(const JailSpec& spec) {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (kThreadSanitizer) {
    return fail(Errc::unsupported, Fault::local, "not with the thread sanitizer's own thread");
  }
  if (::unshare(namespace_flags(spec)) != 0) return system_error("unshare");
  if (spec.user) {
    if (auto done = map_user(uid, gid); !done) return done;
  }
  if (spec.empty_root) {
    if (auto done = empty_the_root(); !done) return done;
  }
  return spec.scratch_bytes > 0 ? mount_scratch(spec.scratch_bytes) : Result<void>();
}

Result<void> set_limits(std::span<const JailLimit> limits) {
  for (const JailLimit& limit : limits) {
    const bool memory = limit.resource == RLIMIT_AS || limit.resource == RLIMIT_DATA;
    if (memory && kSanitized) continue;
    const auto resource = static_cast<__rlimit_resource_t>(limit.resource);
    rlimit now{};
    if (::getrlimit(resource, &now) != 0) return system_error("getrlimit");
    const rlim_t most = std::min<rlim_t>(limit.most, now.rlim_max);
    const rlimit set{.rlim_cur = most, .rlim_max = most};
    if (::setrlimit(resource, &set) != 0) return system_error("setrlimit");
  }
  return {};
}

Result<void> give_up_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("no_new_privs");
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return system_error("dumpable");
  return {};
}

Result<void> give_up_capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const std::array<__user_cap_data_struct, 2> none{};
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) {
    return system_error("ambient capabilities");
  }
  if (::syscall(SYS_capset, &header, none.data()) != 0) return system_error("capset");
  return {};
}

struct FreeFilter {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};

int add_rule(scmp_filter_ctx filter, std::uint32_t action, int call) {
  const bool maps = call == SCMP_SYS(mmap) || call == SCMP_SYS(mprotect);
  if (!maps || kSanitized) return ::seccomp_rule_add(filter, action, call, 0);
  const scmp_arg_cmp no_code{
      .arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC, .datum_b = 0};
  return ::seccomp_rule_add_array(filter, action, call, 1, &no_code);
}

Result<void> load_filter(const JailSpec& spec) {
  const std::unique_ptr<void, FreeFilter> filter(::seccomp_init(kOtherwise));
  if (!filter) return fail(Errc::denied, Fault::local, "seccomp_init");
  for (const int call : spec.allowed) {
    const int bad = add_rule(filter.get(), SCMP_ACT_ALLOW, call);
    if (bad != 0) return std::unexpected(errno_error("seccomp rule", -bad));
  }
  for (const int call : kSanitized ? std::span<const int>(kForSanitizers) : spec.refused) {
    const int bad =
        add_rule(filter.get(), kSanitized ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM), call);
    if (bad != 0) return std::unexpected(errno_error("seccomp rule", -bad));
  }
  if (const int bad = ::seccomp_load(filter.get()); bad != 0) {
    return std::unexpected(errno_error("seccomp_load", -bad));
  }
  return {};
}

// Runs the layers in turn and keeps the account of them.
class Layers {
 public:
  explicit Layers(bool best_effort) : best_effort_(best_effort) {}

  template <class Step>
  void add(bool wanted, std::string name, Step step) {
    if (!wanted || error_) return;
    Result<void> done = step();
    if (done) {
      report_.in_force.push_back(std::move(name));
      return;
    }
    Error error = std::move(done).error();
    error.what = "jail: " + name + ": " + error.what;
    if (best_effort_) {
      report_.missing.push_back(error.what);
    } else {
      error_ = std::move(error);
    }
  }
  Result<JailReport> finish() {
    if (error_) return std::unexpected(*std::move(error_));
    return std::move(report_);
  }

 private:
  bool best_effort_;
  JailReport report_;
  std::optional<Error> error_;
};

}  // namespace

bool JailReport::has(std::string_view layer) const {
  return std::ranges::find(in_force, layer) != in_force.end();
}

Result<JailReport> enter_jail(const JailSpec& spec, bool best_effort) {
  Layers layers(best_effort);
  layers.add(spec.leave_root, "not root", become_nobody);
  layers.add(namespace_flags(spec) != 0, "namespaces", [&] { return enter_namespaces(spec); });
  layers.add(!spec.limits.empty(), "limits", [&] { return set_limits(spec.limits); });
  layers.add(spec.no_new_privileges, "no new privileges", give_up_privileges);
  layers.add(spec.landlock, "landlock", [&] { return restrict_files(spec.writable); });
  layers.add(spec.drop_capabilities, "no capabilities", give_up_capabilities);
  layers.add(!spec.allowed.empty(), "seccomp", [&] { return load_filter(spec); });
  return layers.finish();
}

std::span<const int> basic_syscalls() { return kBasic; }

std::uint64_t own_data_bytes() {
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen("/proc/self/status", "re"));
  if (!file) return 0;
  std::array<char, 256> line{};
  while (std::fgets(line.data(), static_cast<int>(line.size()), file.get()) != nullptr) {
    unsigned long kib = 0;
    if (std::sscanf(line.data(), "VmData: %lu", &kib) == 1) return std::uint64_t{kib} * 1024;
  }
  return 0;
}

}  // namespace weir
