// Parts of a transaction's event that OCSF has no place for, each an object below unmapped.weir
// (docs/events.md); nothing where there is nothing to say. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json_writer.h"
#include "proxy/transaction_record.h"

namespace weir {

std::int64_t millis(WallTime time);  // since 1970
double millis(std::chrono::nanoseconds span);
void text(JsonWriter& json, std::string_view name, const std::string& value);  // unless empty

// What an action means in OCSF's numbers.
struct EventOutcome {
  int severity, status, action, disposition;
  std::string_view disposition_name;
};
EventOutcome outcome_of(const TransactionRecord& record);

// Pieces of `url`, which outlives them; all empty when it has no scheme (a CONNECT's target).
struct UrlParts {
  std::string_view scheme, path, query;
  bool has_query = false;
};
UrlParts url_parts(std::string_view url);

void write_reputation(JsonWriter& json, const std::vector<ListingNote>& notes);
void write_name(JsonWriter& json, const NameNote& name);
void write_coach(JsonWriter& json, const CoachNote& coach);
void write_unlock(JsonWriter& json, const UnlockNote& unlock);
void write_sandbox(JsonWriter& json, const SandboxNote& sandbox);

}  // namespace weir
