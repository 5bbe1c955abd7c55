// Confinement of one process: what it gives up before it reads what strangers wrote. Each layer
// stands alone, so that a hole in one is not a hole in all: namespaces (no network, no file system
// but an empty one, no other processes), resource limits, no new privileges, Landlock (no files but
// below one directory), no capabilities, and a list of the system calls that remain; any other ends
// the process.
//
// enter_jail() is called once or in stages (a zygote enters namespaces, each child the rest), by
// the only thread of the process. A layer that the system refuses is an error, unless best_effort:
// then it is named in the report. What has been given up stays given up after an error: the caller
// ends.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace weir {

struct JailLimit {
  int resource = 0;  // RLIMIT_*
  std::uint64_t most = 0;
};

// The uid and gid a process of root takes in the jail.
inline constexpr unsigned kNobody = 65534;

struct JailSpec {
  bool leave_root = true;  // a process of uid 0 becomes nobody, before anything else

  // Own namespaces. With `user` the rest needs no privilege; pid counts from the next fork on.
  bool user = false, mount = false, net = false, pid = false, ipc = false, uts = false;
  // With mount: the root becomes an empty, read-only directory, holding only `/scratch`.
  bool empty_root = false;
  // With mount: a private tmpfs of this many bytes on /scratch. 0 = none.
  std::uint64_t scratch_bytes = 0;

  std::vector<JailLimit> limits;

  bool landlock = false;  // no file may be opened, and no TCP port used ...
  std::string writable;   // ... but files below this directory; "" = none

  bool drop_capabilities = false;
  bool no_new_privileges = true;  // and no core dump, no debugger

  // System calls that remain. Empty = no filter. mmap and mprotect never make code.
  std::span<const int> allowed;
  std::span<const int> refused;  // fail with EPERM instead of ending the process
};

inline constexpr std::string_view kScratch = "/scratch";

struct JailReport {
  std::vector<std::string> in_force;  // "namespaces", "landlock", "seccomp", ...
  std::vector<std::string> missing;   // with the reason; empty unless best_effort
  bool has(std::string_view layer) const;
};

Result<JailReport> enter_jail(const JailSpec& spec, bool best_effort);

// What any process needs to compute and to end: memory, time, signals, randomness, locks.
std::span<const int> basic_syscalls();

// VmData of this process now, for RLIMIT_DATA relative to it. 0 if unknown.
std::uint64_t own_data_bytes();

}  // namespace weir
