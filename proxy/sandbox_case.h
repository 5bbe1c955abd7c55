// One file that a sandbox has, or is about to get: who waits for its verdict waits here. Shared by
// all who want the file, from whatever loop. Any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/co.h"
#include "inspect/wakeup.h"
#include "sandbox_client/submission.h"
#include "sandbox_client/verdict.h"

namespace weir {

class SandboxCase {
 public:
  SandboxCase(SteadyTime since, Duration usual) : since_(since), usual_(usual) {}

  SteadyTime since() const { return since_; }
  Duration usual() const { return usual_; }  // what files of this type took; zero = not known

  std::optional<SandboxVerdict> verdict() const;
  // True when the verdict is there. `wakeup` ends it early when notified by somebody else.
  Co<bool> wait(std::shared_ptr<Wakeup> wakeup, Duration most);

  void conclude(SandboxVerdict verdict);

 private:
  const SteadyTime since_;
  const Duration usual_;
  mutable std::mutex mutex_;
  std::optional<SandboxVerdict> verdict_;
  std::vector<std::weak_ptr<Wakeup>> waiting_;
};

// The cases that somebody waits for, by SHA-256, and how long files of each type usually take. Any
// thread.
class SandboxCases {
 public:
  SandboxCases(std::size_t most, const Clock& clock) : most_(most), clock_(clock) {}

  std::shared_ptr<SandboxCase> find_or_make(const Submission& submission);
  // Gives it out for the last time; null when nobody waits. `told`: there is a report.
  std::shared_ptr<SandboxCase> close(const Submission& submission, bool told);

 private:
  const std::size_t most_;
  const Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<SandboxCase>> cases_;
  std::map<std::string, Duration> usual_;
};

}  // namespace weir
