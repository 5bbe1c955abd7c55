// Sends event lines to a server that may be slow or away: each write goes to a spool on disk and
// returns; a thread of its own sends from there, tries again with growing pauses, and forgets what
// reached the peer. At least once: after a broken connection the last lines are sent again.
// The calls are the event log's thread's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "core/clock.h"
#include "core/metrics.h"
#include "proxy/events/event_output.h"
#include "proxy/events/event_spool.h"

namespace weir {

class Log;

class EventForwarder final : public EventOutput {
 public:
  struct Timing {
    std::chrono::milliseconds first_pause{100}, longest_pause{30'000};  // after failures
    std::chrono::milliseconds settle{1'000};  // a connection that lives so long took what it got
    std::chrono::milliseconds farewell{2'000};
  };
  EventForwarder(std::unique_ptr<EventSpool> spool, std::unique_ptr<EventOutput> target,
                 Metrics& metrics, Log& log, const Clock& clock, Timing timing);
  // Goes on sending for `farewell` at most; the rest stays on disk for the next start.
  ~EventForwarder() override;

  Result<void> write(std::string_view lines) override;  // no_space: the spool is full

 private:
  struct Sent {
    EventSpool::Place place;
    SteadyTime at;
  };

  void run();
  bool stopping();
  bool wait(std::chrono::milliseconds time);  // false when it is time to end
  void say_farewell();
  bool send_some();  // false: nothing to send, or it could not be
  void settle();
  void complain(const Error& error);

  std::unique_ptr<EventSpool> spool_;
  std::unique_ptr<EventOutput> target_;
  Counter& sent_;
  Counter& failures_;
  Gauge& waiting_;
  Log& log_;
  const Clock& clock_;
  const Timing timing_;
  std::chrono::milliseconds pause_{};  // zero: the last attempt went well
  std::optional<Sent> settling_;
  SteadyTime complained_{};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool fresh_ = false, stopping_ = false;  // under mutex_
  std::thread thread_;
};

}  // namespace weir
