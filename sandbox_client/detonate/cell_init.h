// The first process of a cell: makes the room and the network, starts the sample, watches it to its
// end or the deadline, and writes one report. It is process 1 of its namespace, so nothing inside
// can signal it, and when it goes all go.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/fd.h"
#include "core/result.h"

namespace weir {

struct CellPlan {
  int sample = -1;   // the bytes; closed by the end
  std::string name;  // safe_name()
  std::vector<std::string> argv;
  std::chrono::milliseconds limit{20'000};
};

inline constexpr std::uint64_t kCellProcesses = 200;
inline constexpr std::uint64_t kCellMemory = 1ULL << 30U;         // of all processes together
inline constexpr std::string_view kMemoryLimit = "memory-limit";  // the act of reaching it

struct Pipe {
  UniqueFd read, write;
};
Result<Pipe> make_pipe();  // close-on-exec

// Writes the report's JSON to `answer`. In new namespaces of the caller's own, which it fills; the
// caller ends afterwards with the exit code.
int run_cell(const CellPlan& plan, int answer);

}  // namespace weir
