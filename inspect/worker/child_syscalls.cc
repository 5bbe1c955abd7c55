#include "inspect/worker/child_syscalls.h"

#include <sys/syscall.h>

#include <array>

namespace weir {
namespace {

constexpr std::array kAllowed{
    // Memory, time, signals, randomness, locks, the end (as basic_syscalls()).
    SYS_read,
    SYS_write,
    SYS_close,
    SYS_brk,
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_futex,
    SYS_getrandom,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_gettimeofday,
    SYS_time,
    SYS_getpid,
    SYS_gettid,
    SYS_rt_sigreturn,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_sigaltstack,
    SYS_exit,
    SYS_exit_group,
    SYS_restart_syscall,
    SYS_sched_yield,
    // The gateway's socket, which is there already.
    SYS_recvmsg,
    SYS_sendmsg,
    // Descriptors that are there.
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_lseek,
    SYS_pread64,
    SYS_pwrite64,
    SYS_readv,
    SYS_writev,
    SYS_ftruncate,
    SYS_fcntl,
    SYS_dup,
    SYS_getdents64,
    SYS_fadvise64,
    // ClamAV unpacks into temporary files, and we members that are too large for memory.
    SYS_open,
    SYS_openat,
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_unlink,
    SYS_unlinkat,
    SYS_mkdir,
    SYS_mkdirat,
    SYS_rmdir,
    SYS_rename,
    SYS_umask,
};

constexpr std::array kRefused{
    SYS_ioctl,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_uname,
    SYS_sysinfo,
    SYS_getcwd,
    SYS_readlink,
    SYS_readlinkat,
    SYS_sched_getaffinity,
    SYS_prlimit64,
    SYS_getrlimit,
    SYS_getrusage,
    SYS_prctl,
    SYS_chmod,
    SYS_fchmod,
    SYS_times,
};

}  // namespace

std::span<const int> child_syscalls() { return kAllowed; }
std::span<const int> refused_child_syscalls() { return kRefused; }

}  // namespace weir
