// The first process of a cell: makes the room and the network, starts the sample, watches it to its
// end or the deadline, and writes one report. It is process 1 of its namespace, so nothing inside
// can signal it, and when it goes all go.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/fd.h"

namespace weir {

struct CellPlan {
  int sample = -1;   // the bytes; closed by the end
  std::string name;  // safe_name()
  std::vector<std::string> argv;
  std::chrono::milliseconds limit{20'000};
};

inline constexpr std::uint64_t kCellMemory = 1ULL << 30U;  // of all processes together

// Writes the report's JSON to `answer`. In new namespaces of the caller's own, which it fills; the
// caller ends afterwards with the exit code.
int run_cell(const CellPlan& plan, int answer);

}  // namespace weir
