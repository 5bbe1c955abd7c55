#include "proxy/quarantine_rows.h"

#include "core/log.h"

namespace weir {

void add_entry(JsonWriter& json, const QuarantineEntry& entry) {
  json.begin_object();
  json.member("sha256", entry.sha256);
  json.member("size", entry.size);
  json.member("state", quarantine_state_name(entry.state));
  json.member("name", entry.name);
  json.member("url", entry.source_url);
  json.member("client", entry.client);
  json.member("user", entry.user);
  json.member("reason", entry.reason);
  json.member("event", entry.event_id);
  json.member("added", iso_time(entry.added));
  json.member("last", iso_time(entry.last));
  json.member("times", entry.times);
  json.end_object();
}

std::string entry_json(const QuarantineEntry& entry) {
  std::string line;
  JsonWriter json(line);
  add_entry(json, entry);
  return line + "\n";
}

std::optional<QuarantineState> quarantine_state_of(std::string_view name) {
  using enum QuarantineState;
  for (const QuarantineState state : {held, blocked, released}) {
    if (quarantine_state_name(state) == name) return state;
  }
  return std::nullopt;
}

}  // namespace weir
