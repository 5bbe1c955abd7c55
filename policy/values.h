// The values of conditions as people write them: ranges, sizes, times, patterns. Pure.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "core/clock.h"

namespace weir {

struct NumberRange {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  bool contains(std::uint64_t value) const { return value >= least && value <= most; }
};
std::optional<NumberRange> parse_ports(std::string_view text);   // "443", "8000-8999"
std::optional<NumberRange> parse_status(std::string_view text);  // "404", "5xx", "400-499"
std::optional<NumberRange> parse_sizes(std::string_view text);   // ">10MiB", "<=1KiB", "1MiB-2MiB"
std::optional<NumberRange> parse_ages(std::string_view text);    // "<24h", ">=7d": seconds
std::optional<NumberRange> parse_scores(std::string_view text);  // ">=50", "20-49", "0"

// Hours of weekdays, local time. A window that ends before it begins goes on into the next day.
struct TimeWindow {
  std::uint8_t days = 0x7f;    // bit 0 is Sunday: the days on which it begins
  std::uint16_t from = 0;      // minutes of the day
  std::uint16_t to = 24 * 60;  // excluded
  bool contains(int weekday, int minute) const;
};
// "mon-fri 08:00-18:00", "sat,sun", "22:00-06:00"
std::optional<TimeWindow> parse_window(std::string_view text);

struct LocalMinute {
  int weekday = 0;  // 0 is Sunday
  int minute = 0;   // of the day
};
LocalMinute local_minute(WallTime time);
// "2026-05-04 12:00" in local time.
std::optional<WallTime> parse_local_time(std::string_view text);

// `*` stands for any bytes, `?` for one; the whole text must match.
bool glob_matches(std::string_view pattern, std::string_view text, bool ignore_case);

}  // namespace weir
