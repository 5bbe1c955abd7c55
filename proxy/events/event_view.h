// One line of the event log as it was written (ocsf.cc, notice.cc), for those who search and show
// it. Every text in it came from a stranger once. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace weir {

struct EventView {
  std::string id;
  WallTime time{};  // of its beginning
  Duration duration{};
  std::string notice;  // its kind; "" = a transaction
  std::string client, user, method, url, host;
  std::string action, rule, verdict, reason, error;
  std::string file_name, file_type, sha256;
  std::vector<std::string> inside;    // SHA-256 of files in it
  std::vector<std::string> findings;  // names
  std::uint64_t file_size = 0, bytes_in = 0, bytes_out = 0;
  int status = 0;
};

// nullopt: no event of ours, or a damaged line.
std::optional<EventView> view_event(std::string_view line);

// When the event of a line began and ended, without parsing all of it. nullopt: its beginning does
// not say so.
struct LineTimes {
  WallTime began, ended;
};
std::optional<LineTimes> times_of_event_line(std::string_view line);

// What an event id (a ULID) says of its time.
std::optional<WallTime> time_of_event_id(std::string_view id);

}  // namespace weir
