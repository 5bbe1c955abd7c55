// What the subcommands that read the history share: opening it, reading pages, printing rows.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "conf/settings.h"
#include "core/clock.h"
#include "sandbox_client/history.h"

namespace CLI {
class App;
}

namespace weir {

struct RowFormat {
  bool json = false, csv = false;  // neither: for people
  void add_options(CLI::App& command);
};

class HistoryAsker {
 public:
  // 0, or the exit code after saying what is wrong.
  static int open(const std::string& config, std::unique_ptr<HistoryAsker>& into);

  // The newest `most` that fit; 0, or the exit code.
  int rows(const HistoryFilter& filter, std::size_t most,
           const std::function<void(const DeliveryRecord&)>& visit);
  int print(const HistoryFilter& filter, std::size_t most, const RowFormat& format);

  const Settings& settings() const { return settings_; }
  const Clock& clock() const { return clock_; }
  History& history() { return *history_; }

 private:
  explicit HistoryAsker(Settings settings) : settings_(std::move(settings)) {}

  const Settings settings_;
  const SystemClock clock_;
  std::unique_ptr<History> history_;
};

}  // namespace weir
