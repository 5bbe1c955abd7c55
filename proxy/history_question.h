// What people ask of the history, in the words of the command line and of the API. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "sandbox_client/delivery_record.h"

namespace weir {

// The canonical form of `value` in its place of the filter; kinds: hash, host, domain, client,
// user, url, file, verdict, action. False: it is no such thing.
bool ask_for(HistoryFilter& filter, std::string_view kind, const std::string& value);

// A client when it is an address, else a user.
void ask_for_whom(HistoryFilter& filter, const std::string& who);

// Event ids begin with the time. nullopt: it is no event id.
std::optional<WallTime> time_of_event(std::string_view id);

// The row of an event, near the time that its id tells. False: it is no event id.
bool ask_for_event(HistoryFilter& filter, const std::string& id);

}  // namespace weir
