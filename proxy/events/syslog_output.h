// Event lines as syslog messages. Connects when there is something to send; blocks its caller,
// which is a forwarder's thread.
#pragma once

#include <memory>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "proxy/events/event_output.h"

namespace weir {

// "udp://host:port", "tcp://host:port" or "unix:///path", perhaps with a format
// behind it (event_formats.h); nothing is connected yet.
Result<std::unique_ptr<EventOutput>> open_syslog(const std::string& where, const Clock& clock);

}  // namespace weir
