#include "conf/when.h"

#include "conf/units.h"

namespace weir {
namespace {

// Takes exactly `digits` of them from the front.
std::optional<unsigned> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  unsigned value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || !any_of.contains(text.front())) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::sys_days> take_day(std::string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
}

// What follows a point: the first three digits count.
std::optional<std::chrono::milliseconds> take_fraction(std::string_view& text) {
  unsigned millis = 0, scale = 100, digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9' && digits++ < 9) {
    millis += scale * static_cast<unsigned>(text.front() - '0');
    scale /= 10;
    text.remove_prefix(1);
  }
  return digits == 0 ? std::nullopt : std::optional(std::chrono::milliseconds(millis));
}

std::optional<std::chrono::milliseconds> take_time(std::string_view& text) {
  const auto hours = take_number(text, 2);
  if (!hours || *hours > 23 || !take(text, ":")) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  std::chrono::milliseconds sum =
      std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + std::chrono::seconds(0);
  if (!take(text, ":")) return sum;
  const auto seconds = take_number(text, 2);
  if (!seconds || *seconds > 60) return std::nullopt;
  sum += std::chrono::seconds(*seconds);
  if (!take(text, ".")) return sum;
  const auto fraction = take_fraction(text);
  return fraction ? std::optional(sum + *fraction) : std::nullopt;
}

std::optional<WallTime> parse_date(std::string_view text) {
  const auto day = take_day(text);
  if (!day) return std::nullopt;
  if (text.empty()) return *day;
  if (!take(text, "T ")) return std::nullopt;
  const auto time = take_time(text);
  take(text, "Z");
  if (!time || !text.empty()) return std::nullopt;
  return *day + *time;
}

}  // namespace

std::optional<WallTime> parse_when(std::string_view text, WallTime now) {
  constexpr std::size_t kLeastMillisDigits = 12, kMostMillisDigits = 13;
  if (text == "now") return now;
  if (text.size() >= kLeastMillisDigits && text.size() <= kMostMillisDigits) {
    if (const auto millis = parse_number(text)) {
      return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(*millis)));
    }
  }
  if (const auto back = parse_duration(text)) {
    if (*back > now.time_since_epoch()) return std::nullopt;
    return now - *back;
  }
  return parse_date(text);
}

}  // namespace weir
