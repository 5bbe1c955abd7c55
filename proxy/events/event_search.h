// Searching the event log: by who, what and when, from the newest back. Lines that cannot fit are
// not parsed. Blocks on the disk.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "proxy/events/event_view.h"

namespace weir {

// All of what is set must hold.
struct EventFilter {
  std::optional<WallTime> from{}, to{};  // of its beginning
  // Exactly these.
  std::string id{}, client{}, user{}, rule{}, verdict{}, action{}, notice{};
  std::string host{};     // this one, or one below it
  std::string url{};      // a part of it
  std::string sha256{};   // of the file or one inside it
  std::string finding{};  // a part of a finding's name
};

class EventMatcher {
 public:
  explicit EventMatcher(EventFilter filter);

  // The event, if it fits.
  std::optional<EventView> match(std::string_view line) const;
  // No line that was written before this one can fit: lines are in the order of their ends.
  bool is_past(std::string_view line) const;

 private:
  bool holds(const EventView& event) const;

  EventFilter filter_;
  std::vector<std::string> needed_;  // what a line that fits has in it, as it is written
};

// Gets events, the newest first, and their lines; says whether to go on.
using EventVisitor = std::function<bool(const EventView& event, std::string_view line)>;

// `path`: of the newest file. Error: it cannot be read.
Result<void> search_events(const std::string& path, const EventFilter& filter,
                           const EventVisitor& visit);

}  // namespace weir
