// Which system calls of a sample stop for the tracer, and which fail at once. A filter that the
// kernel runs (seccomp), put on the sample's first process and inherited by all others. Calls that
// are not named here run at full speed.
//
// A refusal is decided on the call's number and registers, which nobody can change while its thread
// stands still; never on memory.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"

namespace weir {

// Why a call stops.
enum class Watch : std::uint16_t {
  none,
  open,
  openat,
  creat,
  openat2,
  unlink,
  unlinkat,
  rename,
  renameat,
  truncate,
  chmod,
  fchmodat,
  symlink,
  connect,
  sendto,
  bind,
  sleep,
  clock_sleep,
  select_sleep,  // these three without a descriptor
  pselect_sleep,
  poll_sleep,
  code_page,
  kill,
  memfd,
  become,
  clone,
  ptrace,
  refuse,  // denied whatever its arguments are
};

// For the calling thread; needs no_new_privs.
Result<void> watch_calls();

// "mount", ...; "?" for a number nobody knows.
std::string call_name(std::uint64_t number);

}  // namespace weir
