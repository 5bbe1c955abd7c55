// What is kept, for programs: the command line and the API. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json_writer.h"
#include "sandbox_client/quarantine.h"

namespace weir {

void add_entry(JsonWriter& json, const QuarantineEntry& entry);  // one object
std::string entry_json(const QuarantineEntry& entry);            // with its newline
std::optional<QuarantineState> quarantine_state_of(std::string_view name);

}  // namespace weir
