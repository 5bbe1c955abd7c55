// Writes a row for each ended transaction into the history (sandbox_client/history.h) and counts
// what became of it. take() is called on the event log's thread and never waits; look() once a
// second on the app's.
#pragma once

#include <memory>

#include "conf/settings.h"
#include "core/log.h"
#include "core/metrics.h"
#include "proxy/transaction_record.h"
#include "sandbox_client/history.h"

namespace weir {

// Where the history is, below the state directory.
std::string history_folder(const Settings& settings);
HistoryOptions history_options(const HistorySettings& settings);

// One row of the history. Pure.
DeliveryRecord delivery_of(const TransactionRecord& record);

// Whether the client got what it asked for, as far as the row tells.
bool was_delivered(const DeliveryRecord& row);
// Whether it was known as bad, or listed, when it went.
bool was_known(const DeliveryRecord& row);

class HistoryKeeper {
 public:
  // `clock`, `metrics` and `log` outlive it.
  static Result<std::unique_ptr<HistoryKeeper>> open(const Settings& settings, const Clock& clock,
                                                     Metrics& metrics, Log& log);

  void take(DeliveryRecord row) { history_->append(std::move(row)); }
  void look();  // brings the metrics up to date and says what is wrong; stats some files
  History& history() { return *history_; }

 private:
  HistoryKeeper(std::unique_ptr<History> history, const Clock& clock, Metrics& metrics, Log& log);
  void complain(const std::string& problem);

  const Clock& clock_;
  Log& log_;
  std::unique_ptr<History> history_;
  Counter& written_;
  Counter& dropped_;
  Counter& failed_;
  Gauge& bytes_;
  HistoryCounts counted_;
  SteadyTime complained_{};
};

}  // namespace weir
