// Where transaction records become OCSF lines. submit() moves the record into a bounded queue and
// returns; a writer thread serialises and writes. A full queue or disk is counted, never waited
// for.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "conf/settings.h"
#include "core/metrics.h"
#include "core/result.h"
#include "proxy/events/notice.h"
#include "proxy/transaction_record.h"

namespace weir {

class Log;

class EventLog {
 public:
  // Opens the output; `default_file` is used when settings.file is empty.
  static Result<std::unique_ptr<EventLog>> open(const EventSettings& settings,
                                                const std::string& default_file, Metrics& metrics,
                                                Log& log);
  ~EventLog();  // writes what is queued, bounded by two seconds

  // Sees each record that was taken, whatever the output; on the writer's thread, so it must not
  // wait. Set before anything is submitted; it outlives the log.
  using Observer = std::function<void(const TransactionRecord&)>;
  void observe(Observer observer);
  // The same for notices, before their lines are written.
  using NoticeObserver = std::function<void(const Notice&)>;
  void observe_notices(NoticeObserver observer);

  void submit(TransactionRecord record);  // any thread
  void submit(const Notice& notice);      // any thread
  void flush();  // returns when what was submitted before went to the output, or was lost
  // False while events are being lost and settings.on_full is "refuse": new requests get 503.
  bool accepting() const;
  void reopen();  // after an outside rotation; any thread

 private:
  struct State;
  explicit EventLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One line of OCSF JSON (HTTP Activity, class 4002), without the newline. Pure.
std::string ocsf_line(const TransactionRecord& record);

}  // namespace weir
