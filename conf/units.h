// Sizes and durations as people write them: a whole number and its unit, "64KiB", "2GiB", "250ms",
// "30d". Zero needs no unit. Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

inline constexpr std::string_view kByteUnits = "B KiB MiB GiB TiB";
inline constexpr std::string_view kDurationUnits = "ms s m h d";

std::optional<std::uint64_t> parse_number(std::string_view digits);  // decimal, no sign
std::optional<std::uint64_t> parse_bytes(std::string_view text);
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// The shortest exact form: 65536 is "64KiB", 90 s is "90s", an hour "1h".
std::string bytes_text(std::uint64_t bytes);
std::string duration_text(std::chrono::milliseconds duration);

}  // namespace weir
