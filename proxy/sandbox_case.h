// One file that a sandbox has, or is about to get: who waits for its verdict waits here. Shared by
// all who want the file, from whatever loop. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "core/co.h"
#include "inspect/wakeup.h"
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

}  // namespace weir
