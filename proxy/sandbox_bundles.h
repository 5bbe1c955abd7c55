// Files of which sandboxes have the files inside: what is said of those is joined to one verdict of
// the whole. Bounded; lives as long as the process, a whole that was under way at its end is asked
// about anew. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "sandbox_client/submission.h"
#include "sandbox_client/verdict.h"

namespace weir {

// The graver: clean, then what no sandbox runs (the reasons unsupported, too-large and too-many),
// then suspicious, then every other reason for no verdict, then malicious.
const SandboxVerdict& graver(const SandboxVerdict& a, const SandboxVerdict& b);

class SandboxBundles {
 public:
  struct Decided {
    Submission whole;
    SandboxVerdict verdict;
  };
  // Digest to place inside the whole; the whole itself may be one of its parts, at "".
  using Parts = std::map<std::string, std::string>;

  explicit SandboxBundles(std::size_t most) : most_(most) {}

  bool has(const std::string& whole) const;
  // `so_far` is what is known already. False: there are too many, or it is under way.
  bool open(Submission whole, Parts parts, SandboxVerdict so_far);
  // A part came to its end: the wholes that are decided by it, which are no longer here. One is
  // decided by its first malicious part, or by its last.
  std::vector<Decided> told(const std::string& part, const SandboxVerdict& verdict);

 private:
  struct Bundle {
    Submission whole;
    Parts waiting;
    SandboxVerdict verdict;
  };
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Bundle> bundles_;                   // by the whole's digest
  std::unordered_map<std::string, std::vector<std::string>> wholes_;  // by a waiting part's
};

}  // namespace weir
