// What the workers found out about one content, whoever asked: from it and a profile an Assessment
// is made. Plain data, any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "core/finding.h"

namespace weir {

struct ScanOutcome {
  std::vector<Finding> findings;
  ScannerSet completed;
  std::vector<ArtifactNote> tree;        // the first of them
  std::vector<std::string> page_words;   // what a page calls a password; see Assessment
  std::uint32_t artifacts = 1;           // files looked at, the outer one included
  Reason missing = Reason::engine_down;  // why a scanner that was asked for is not in `completed`
  std::uint64_t generation = 0;          // of rules and databases
  std::chrono::nanoseconds queued{}, scanned{};
};

inline ScanOutcome failed_scan(Reason reason) {
  ScanOutcome outcome;
  outcome.missing = reason;
  return outcome;
}

// Would be the same next time: every scanner asked for reported, and nothing came of haste or a
// fault.
inline bool repeatable(const ScanOutcome& outcome, ScannerSet asked) {
  if ((asked.bits() & ~outcome.completed.bits()) != 0) return false;
  for (const Finding& finding : outcome.findings) {
    if (finding.reason == Reason::timeout || finding.reason == Reason::crashed ||
        finding.reason == Reason::queue_full || finding.reason == Reason::engine_down) {
      return false;
    }
  }
  return true;
}

}  // namespace weir
