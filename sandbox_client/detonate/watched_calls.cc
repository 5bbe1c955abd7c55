#include "sandbox_client/detonate/watched_calls.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <vector>

namespace weir {
namespace {

struct Rule {
  int call;
  Watch watch;
};

constexpr std::array kWatched{
    Rule{SCMP_SYS(open), Watch::open},          Rule{SCMP_SYS(openat), Watch::openat},
    Rule{SCMP_SYS(creat), Watch::creat},        Rule{SCMP_SYS(openat2), Watch::openat2},
    Rule{SCMP_SYS(unlink), Watch::unlink},      Rule{SCMP_SYS(unlinkat), Watch::unlinkat},
    Rule{SCMP_SYS(rename), Watch::rename},      Rule{SCMP_SYS(renameat), Watch::renameat},
    Rule{SCMP_SYS(renameat2), Watch::renameat}, Rule{SCMP_SYS(truncate), Watch::truncate},
    Rule{SCMP_SYS(chmod), Watch::chmod},        Rule{SCMP_SYS(fchmodat), Watch::fchmodat},
    Rule{SCMP_SYS(symlink), Watch::symlink},    Rule{SCMP_SYS(connect), Watch::connect},
    Rule{SCMP_SYS(sendto), Watch::sendto},      Rule{SCMP_SYS(bind), Watch::bind},
    Rule{SCMP_SYS(nanosleep), Watch::sleep},    Rule{SCMP_SYS(clock_nanosleep), Watch::clock_sleep},
    Rule{SCMP_SYS(kill), Watch::kill},          Rule{SCMP_SYS(memfd_create), Watch::memfd},
    Rule{SCMP_SYS(setuid), Watch::become},      Rule{SCMP_SYS(setreuid), Watch::become},
    Rule{SCMP_SYS(setresuid), Watch::become},   Rule{SCMP_SYS(ptrace), Watch::ptrace},
};

// Ways into the kernel or to what lies outside the cell. Most need privileges that are not there
// anyway; this is the second lock, and the note that somebody tried the door.
constexpr std::array kRefused{
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(add_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(request_key),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kcmp),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(fanotify_init),
    SCMP_SYS(quotactl),
    SCMP_SYS(acct),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(reboot),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(syslog),
    SCMP_SYS(vhangup),
    SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
};

// As if this kernel were older: io_uring makes calls that no filter sees, clone3 has its flags in
// memory, and a filter of the sample's own with a listener could let a call pass behind ours.
constexpr std::array kMissing{
    SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register),
    SCMP_SYS(clone3),         SCMP_SYS(seccomp),
};

// No other family of sockets is needed, and vsock does not stop at a network namespace.
constexpr std::array kFamilies{AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

constexpr std::uint64_t kNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                      CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP |
                                      CLONE_UNTRACED;

struct FreeFilter {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};

std::uint32_t stop(Watch watch) { return SCMP_ACT_TRACE(static_cast<std::uint32_t>(watch)); }

// Collects the first failure of many calls.
class Rules {
 public:
  explicit Rules(scmp_filter_ctx filter) : filter_(filter) {}

  void add(std::uint32_t action, int call, std::vector<scmp_arg_cmp> when = {}) {
    if (bad_ != 0) return;
    bad_ = ::seccomp_rule_add_array(filter_, action, call, static_cast<unsigned>(when.size()),
                                    when.data());
    if (bad_ == -EDOM || bad_ == -EEXIST) bad_ = 0;  // not a call of this machine
  }
  int bad() const { return bad_; }

 private:
  scmp_filter_ctx filter_;
  int bad_ = 0;
};

scmp_arg_cmp has_bits(unsigned argument, std::uint64_t bits) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = bits, .datum_b = bits};
}

void add_narrow_rules(Rules& rules) {
  // A clone that makes a namespace, or a child that nobody watches. The flags are the first
  // argument on all machines but s390.
  for (std::uint64_t bit = 1; bit <= kNamespaces; bit <<= 1U) {
    if ((kNamespaces & bit) != 0)
      rules.add(stop(Watch::clone), SCMP_SYS(clone), {has_bits(0, bit)});
  }
  // Memory that becomes code other than by loading a file.
  rules.add(stop(Watch::code_page), SCMP_SYS(mprotect), {has_bits(2, PROT_EXEC)});
  rules.add(stop(Watch::code_page), SCMP_SYS(mmap),
            {has_bits(2, PROT_EXEC), has_bits(3, MAP_ANONYMOUS)});
  // Waiting for nothing but time.
  const scmp_arg_cmp first_zero{.arg = 0, .op = SCMP_CMP_EQ, .datum_a = 0, .datum_b = 0};
  const scmp_arg_cmp second_zero{.arg = 1, .op = SCMP_CMP_EQ, .datum_a = 0, .datum_b = 0};
  rules.add(stop(Watch::select_sleep), SCMP_SYS(select), {first_zero});
  rules.add(stop(Watch::pselect_sleep), SCMP_SYS(pselect6), {first_zero});
  rules.add(stop(Watch::poll_sleep), SCMP_SYS(poll), {second_zero});
  for (int family = 0; family < AF_MAX; ++family) {
    if (std::ranges::find(kFamilies, family) != kFamilies.end()) continue;
    rules.add(stop(Watch::refuse), SCMP_SYS(socket),
              {scmp_arg_cmp{.arg = 0,
                            .op = SCMP_CMP_MASKED_EQ,
                            .datum_a = 0xffffffff,
                            .datum_b = static_cast<scmp_datum_t>(family)}});
  }
}

}  // namespace

Result<void> watch_calls() {
  const std::unique_ptr<void, FreeFilter> filter(::seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return fail(Errc::denied, Fault::local, "seccomp_init");
  // Calls of the 32-bit kind are not there.
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  Rules rules(filter.get());
  for (const Rule& one : kWatched) rules.add(stop(one.watch), one.call);
  for (const int call : kRefused) rules.add(stop(Watch::refuse), call);
  for (const int call : kMissing) rules.add(SCMP_ACT_ERRNO(ENOSYS), call);
  add_narrow_rules(rules);
  if (rules.bad() != 0) return std::unexpected(errno_error("seccomp rule", -rules.bad()));
  if (const int bad = ::seccomp_load(filter.get()); bad != 0) {
    return std::unexpected(errno_error("seccomp_load", -bad));
  }
  return {};
}

std::string call_name(std::uint64_t number) {
  struct Free {
    void operator()(char* text) const { std::free(text); }
  };
  const std::unique_ptr<char, Free> name(
      ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, static_cast<int>(number)));
  return name ? name.get() : "?";
}

}  // namespace weir
