// Points in time as people write them on a command line. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "core/clock.h"

namespace weir {

// "now"; a duration before `now`, like "90m" or "7d"; UTC as "2026-11-23", "2026-11-23 12:30",
// "2026-11-23T12:30:05.250Z"; milliseconds since 1970 (12 digits and more).
std::optional<WallTime> parse_when(std::string_view text, WallTime now);

}  // namespace weir
