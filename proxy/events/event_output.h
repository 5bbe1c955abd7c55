// Where event lines go. Each output blocks its caller, which is the event log's own thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "conf/settings.h"
#include "core/clock.h"
#include "core/result.h"

namespace weir {

class EventOutput {
 public:
  virtual ~EventOutput() = default;
  // `lines`: whole lines, each with its newline. no_space or io: none or a part was written.
  virtual Result<void> write(std::string_view lines) = 0;
  virtual void reopen() {}
};

Result<std::unique_ptr<EventOutput>> open_event_output(const EventSettings& settings,
                                                       const std::string& default_file,
                                                       const Clock& clock);

}  // namespace weir
