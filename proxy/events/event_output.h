// Where event lines go. Each output blocks its caller, which is the event log's own thread, or
// for a server the thread of a forwarder (event_forwarder.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "conf/settings.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "core/result.h"

namespace weir {

class Log;

// What became of lines that were written.
enum class Fate : std::uint8_t { pending, arrived, lost };

class EventOutput {
 public:
  virtual ~EventOutput() = default;
  // `lines`: whole lines, each with its newline. no_space or io: none or a part was written.
  virtual Result<void> write(std::string_view lines) = 0;
  virtual void reopen() {}
  virtual Fate fate() { return Fate::arrived; }  // lost: perhaps some of the last ones
};

// Syslog is sent from a spool beside `default_file`, of settings.rotate_bytes at most.
Result<std::unique_ptr<EventOutput>> open_event_output(const EventSettings& settings,
                                                       const std::string& default_file,
                                                       Metrics& metrics, Log& log,
                                                       const Clock& clock);

}  // namespace weir
