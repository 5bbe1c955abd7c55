// The scan workers: a weir-scan zygote, its jailed children with some always waiting, a bounded
// queue, a deadline for every file that no child can move, one more try for a file whose child
// died. Runs on a thread of its own; scan() may be awaited from any loop. Outlives whoever awaits
// it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "conf/settings.h"
#include "core/co.h"
#include "core/fd.h"
#include "core/finding.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/result.h"
#include "inspect/scan_outcome.h"

namespace weir {

struct ScanRequest {
  std::shared_ptr<const UniqueFd> body;     // immutable
  ScannerSet scanners;                      // those that workers run
  std::string name;                         // a hint, hostile
  std::vector<std::string> passwords;       // tried on what is encrypted; never logged
  std::chrono::milliseconds limit{60'000};  // waiting and scanning, all tries together
  // Instead of scanning: the file inside with this SHA-256 goes here, see ScanJob.
  std::string take_out = {};
  std::shared_ptr<const UniqueFd> into = nullptr;
};

class ScanPool {
 public:
  // Returns when the engine has loaded; Errc::invalid when rules or databases have a mistake, with
  // file and line. `metrics` and `log` outlive the pool.
  static Result<std::unique_ptr<ScanPool>> start(const InspectSettings& settings,
                                                 std::string program, Metrics& metrics, Log& log);
  ~ScanPool();  // whoever still waits gets engine-down
  ScanPool(const ScanPool&) = delete;
  ScanPool& operator=(const ScanPool&) = delete;

  // Never fails: what could not be done is the outcome's `missing` reason: timeout, crashed,
  // queue_full, engine_down.
  Co<ScanOutcome> scan(ScanRequest request);
  // Loads rules and databases again into a new zygote; the old one stays when that fails. Waits for
  // it: not on a loop.
  Result<void> reload();

  bool ready() const;                // an engine is up
  std::uint64_t generation() const;  // of the rules and databases in force

 private:
  struct State;
  explicit ScanPool(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir
