// Runs one sample and returns what it did. From outside: reads the file's type, makes the cell's
// namespaces in a child, waits for its report no longer than the deadline allows, and judges it.
// The report was written beside a hostile program and is checked like one from a stranger.
//
// Forks: the caller has no other thread. Nothing of the run is left when it returns.
#pragma once

#include <chrono>
#include <string>

#include "core/result.h"
#include "sandbox_client/report.h"

namespace weir {

inline constexpr std::uint64_t kMostSampleBytes = 48ULL * 1024 * 1024;  // a room has 64 MiB

struct DetonationJob {
  int sample = -1;   // a regular file, open for reading, at any offset; stays the caller's
  std::string name;  // as it was downloaded
  std::chrono::milliseconds limit{20'000};
};

// Errors: invalid (no regular file, or one that is too large), and what the system refuses. That a
// sample cannot be run, or the cell not be made, is a report: unsupported or failed.
Result<SandboxReport> detonate(const DetonationJob& job);

}  // namespace weir
