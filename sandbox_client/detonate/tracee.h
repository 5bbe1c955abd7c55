// One stopped thread of the sample, as the tracer sees and changes it: its call, its memory, its
// descriptors. What is read is hostile and bounded. Only for the thread that traces.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"

namespace weir {

struct Call {
  std::uint64_t number = 0;
  std::array<std::uint64_t, 6> args{};
  std::uint32_t data = 0;  // what the filter said
};

class Tracee {
 public:
  explicit Tracee(pid_t pid) : pid_(pid) {}

  std::optional<Call> call() const;              // at a stop by the filter
  std::optional<std::int64_t> returned() const;  // at the end of a call
  bool skip_call(std::int64_t result) const;     // it is not made and returns this
  bool pause_instead(int milliseconds) const;    // it waits that long and returns 0

  std::string text(std::uint64_t address) const;  // up to a NUL, at most 4,096 bytes
  bool read(std::uint64_t address, MutableBytes bytes) const;

  // An absolute path, "." and ".." resolved by the text alone, of a path relative to a descriptor.
  std::string path(int folder, std::uint64_t address) const;
  std::string link(const std::string& name) const;  // /proc/PID/<name>
  std::vector<std::string> command_line() const;
  int process() const;  // the id of the thread's process

 private:
  pid_t pid_;
};

}  // namespace weir
