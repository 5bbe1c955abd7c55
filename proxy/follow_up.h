// What the gateway does about transactions after they have ended: the history of who got what,
// looking back when more is known, the files in quarantine, notices to other places. Owned by the
// app, made after the event log and before the loops; it ends after the loops and before the event
// log.
#pragma once

#include <memory>

#include "conf/settings.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/result.h"
#include "proxy/events/event_log.h"
#include "proxy/history_keeper.h"
#include "proxy/notify/outlets.h"
#include "proxy/quarantine_keeper.h"
#include "proxy/retro_hunt.h"

namespace weir {

struct Outcome;

class FollowUp {
 public:
  struct Parts {
    const Settings& settings;
    const Clock& clock;
    Random& random;
    Metrics& metrics;
    EventLog& events;
    Log& log;
  };
  static Result<std::unique_ptr<FollowUp>> start(const Parts& parts,
                                                 std::shared_ptr<const Index> index);
  ~FollowUp();  // takes what the event log still has

  void look();                                         // once a second, on the app's thread
  void use_index(std::shared_ptr<const Index> index);  // any thread, never waits

  // The end of a file at a sandbox; a bad one is followed up. Any thread but an event loop.
  void heed(const Outcome& outcome);

  // A file that may have been delivered is bad after all (RetroHunt): on the disk when this
  // returns, told soon after. Any thread but an event loop.
  void verdict_turned_bad(const std::string& sha256, const SandboxVerdict& verdict);

  QuarantineKeeper* quarantine() { return quarantine_.get(); }  // null: nothing is kept
  History* history() { return history_ ? &history_->history() : nullptr; }

 private:
  explicit FollowUp(const Parts& parts) : parts_(parts) {}
  Result<> start_history();
  void take(const TransactionRecord& record);

  const Parts parts_;
  std::unique_ptr<Outlets> outlets_;
  std::unique_ptr<QuarantineKeeper> quarantine_;  // null: not kept
  std::unique_ptr<HistoryKeeper> history_;        // null: not recorded
  std::unique_ptr<RetroHunt> hunt_;               // null: not asked to
};

}  // namespace weir
