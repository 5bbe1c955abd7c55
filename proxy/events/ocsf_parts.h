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

void write_reputation(JsonWriter& json, const std::vector<ListingNote>& notes);
void write_name(JsonWriter& json, const NameNote& name);
void write_coach(JsonWriter& json, const CoachNote& coach);
void write_unlock(JsonWriter& json, const UnlockNote& unlock);
void write_sandbox(JsonWriter& json, const SandboxNote& sandbox);

}  // namespace weir
