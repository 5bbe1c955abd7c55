// The updater of feeds as the gateway sees it: a process beside it, started again when it ends; and
// what it says of the feeds, as metrics and events. Owned by the app; its thread only.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "conf/settings.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "feeds/update/feed_state.h"
#include "proxy/events/event_log.h"
#include "proxy/helper_process.h"

namespace weir {

class FeedsKeeper {
 public:
  // Null when the settings name no list of feeds. Before sockets are opened.
  static std::unique_ptr<FeedsKeeper> start(const Settings& settings, const std::string& helpers,
                                            const Clock& clock, Metrics& metrics, EventLog& events,
                                            Log& log);

  // Each second: is it alive, and what does it say?
  void look();

 private:
  FeedsKeeper(const Settings& settings, const std::string& helpers, const Clock& clock,
              Metrics& metrics, EventLog& events, Log& log);
  void read_states();
  void tell(const std::string& name, const FeedState& state, const FeedState& before);

  const Clock& clock_;
  Metrics& metrics_;
  EventLog& events_;
  Log& log_;
  const std::string folder_;
  HelperProcess updater_;
  std::pair<std::uint64_t, std::int64_t> seen_{};  // inode and time of the state file
  FeedStates states_;
};

}  // namespace weir
