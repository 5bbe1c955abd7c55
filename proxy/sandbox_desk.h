// Sandboxes as transactions meet them: hand a file in, wait for its verdict. Owns the queue, the
// engines, the memory of verdicts and weir-detonate where it is to be started. What blocks on the
// disk runs on a thread of its own. One object for the gateway; hand_in() from any loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conf/settings.h"
#include "core/co.h"
#include "core/fd.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/random.h"
#include "core/result.h"
#include "proxy/sandbox_case.h"
#include "sandbox_client/submission.h"

namespace weir {

struct Outcome;

struct SandboxAsk {
  Submission submission;
  std::shared_ptr<const UniqueFd> body;
};

struct SandboxAnswer {
  enum class Standing : std::uint8_t {
    known,        // the verdict is there
    waiting,      // it has the file, or is about to get it
    unavailable,  // no engine answers, or no more files can wait; it may be queued all the same
    unsupported,  // no engine takes such files
  };
  Standing standing = Standing::unavailable;
  SandboxVerdict verdict;                  // known
  std::shared_ptr<SandboxCase> under_way;  // waiting
};

class SandboxDesk {
 public:
  struct Parts {
    const Settings& settings;
    const std::string& helpers;  // the folder of weir-detonate
    const Clock& clock;
    Random& random;
    Metrics& metrics;
    Log& log;
    // Called on the service's thread for each end, also for those of an earlier run.
    std::function<void(const Outcome&)> on_outcome = {};
  };
  // Never null: without a list of sandboxes every file is unsupported.
  static Result<std::unique_ptr<SandboxDesk>> start(Parts parts);
  ~SandboxDesk();
  SandboxDesk(const SandboxDesk&) = delete;
  SandboxDesk& operator=(const SandboxDesk&) = delete;

  Co<SandboxAnswer> hand_in(SandboxAsk ask);
  // Whether some sandbox runs such files. Never blocks.
  bool takes(const Submission& submission) const;
  // What is known of these files (by SHA-256), without handing anything in.
  Co<std::vector<std::optional<SandboxVerdict>>> recall(std::vector<std::string> digests);
  // The files inside `whole`, of which one verdict is made; `so_far` is what is known of it.
  struct Inside {
    SandboxAsk ask;
    std::string where;  // "" = the whole itself
  };
  Co<SandboxAnswer> hand_in_parts(Submission whole, std::vector<Inside> parts,
                                  SandboxVerdict so_far);
  // The case of a whole that sandboxes have parts of; null when there is none.
  std::shared_ptr<SandboxCase> under_way(const Submission& whole);
  // A file that a sandbox called malicious before, whoever had it looked at. Never blocks.
  std::optional<SandboxVerdict> known_bad(const std::string& sha256) const;

  void look();  // each second, the app's thread: the worker, and the metrics

 private:
  struct State;
  explicit SandboxDesk(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir
