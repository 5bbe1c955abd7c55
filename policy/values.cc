#include "policy/values.h"

#include <array>
#include <charconv>
#include <ctime>

#include "conf/units.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::uint16_t kDayMinutes = 24 * 60;

using ParseNumber = std::optional<std::uint64_t> (*)(std::string_view);

// "a" or "a-b".
std::optional<NumberRange> parse_span(std::string_view text, ParseNumber parse) {
  const std::size_t dash = text.find('-');
  const auto least = parse(text.substr(0, dash));
  const auto most = dash == std::string_view::npos ? least : parse(text.substr(dash + 1));
  if (!least || !most || *least > *most) return std::nullopt;
  return NumberRange{*least, *most};
}

std::optional<NumberRange> within(std::optional<NumberRange> range, std::uint64_t least,
                                  std::uint64_t most) {
  if (!range || range->least < least || range->most > most) return std::nullopt;
  return range;
}

std::optional<unsigned> day_of(std::string_view name) {
  for (unsigned i = 0; i < kDays.size(); ++i) {
    if (kDays[i] == name) return i;
  }
  return std::nullopt;
}

// "mon", "mon-fri", "fri-mon", joined by commas.
std::optional<std::uint8_t> parse_days(std::string_view text) {
  unsigned days = 0;
  while (true) {
    const std::string_view part = text.substr(0, text.find(','));
    const std::size_t dash = part.find('-');
    const auto first = day_of(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : day_of(part.substr(dash + 1));
    if (!first || !last) return std::nullopt;
    for (unsigned day = *first;; day = (day + 1) % 7) {
      days |= 1U << day;
      if (day == *last) break;
    }
    if (part.size() == text.size()) return static_cast<std::uint8_t>(days);
    text.remove_prefix(part.size() + 1);
  }
}

// "HH:MM"; "24:00" only as an end.
std::optional<std::uint16_t> parse_minute(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hours = parse_number(text.substr(0, 2));
  const auto minutes = parse_number(text.substr(3));
  if (!hours || !minutes || *minutes > 59) return std::nullopt;
  const std::uint64_t all = *hours * 60 + *minutes;
  if (all > kDayMinutes) return std::nullopt;
  return static_cast<std::uint16_t>(all);
}

bool parse_hours(std::string_view text, TimeWindow& window) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return false;
  const auto from = parse_minute(text.substr(0, dash));
  const auto to = parse_minute(text.substr(dash + 1));
  if (!from || !to || *from == *to || *from == kDayMinutes) return false;
  window.from = *from;
  window.to = *to;
  return true;
}

bool same(char a, char b, bool ignore_case) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return a == b || (ignore_case && lower(a) == lower(b));
}

}  // namespace

std::optional<NumberRange> parse_ports(std::string_view text) {
  return within(parse_span(text, parse_number), 1, 65535);
}

std::optional<NumberRange> parse_status(std::string_view text) {
  if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5') {
    const std::uint64_t first = static_cast<std::uint64_t>(text[0] - '0') * 100;
    return NumberRange{first, first + 99};
  }
  return within(parse_span(text, parse_number), 100, 599);
}

namespace {

template <class Parse>
std::optional<NumberRange> parse_bounds(std::string_view text, Parse parse_one) {
  const bool above = text.starts_with('>');
  const bool below = text.starts_with('<');
  if (!above && !below) return parse_span(text, parse_one);
  const bool equal = text.substr(1).starts_with('=');
  const std::optional<std::uint64_t> bound = parse_one(text.substr(equal ? 2 : 1));
  if (!bound) return std::nullopt;
  if (above) {
    if (!equal && *bound == NumberRange{}.most) return std::nullopt;
    return NumberRange{*bound + (equal ? 0 : 1), NumberRange{}.most};
  }
  if (!equal && *bound == 0) return std::nullopt;
  return NumberRange{0, *bound - (equal ? 0 : 1)};
}

std::optional<std::uint64_t> parse_seconds(std::string_view text) {
  const auto time = parse_duration(text);
  if (!time) return std::nullopt;
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(*time).count());
}

std::optional<std::uint64_t> parse_score(std::string_view text) {
  std::uint64_t score = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), score);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && score <= 100 ? std::optional(score) : std::nullopt;
}

}  // namespace

std::optional<NumberRange> parse_sizes(std::string_view text) {
  return parse_bounds(text, parse_bytes);
}

std::optional<NumberRange> parse_ages(std::string_view text) {
  const bool compared = text.starts_with('<') || text.starts_with('>');
  return compared ? parse_bounds(text, parse_seconds) : std::nullopt;
}

std::optional<NumberRange> parse_scores(std::string_view text) {
  return parse_bounds(text, parse_score);
}

bool TimeWindow::contains(int weekday, int minute) const {
  const bool today = (days >> weekday & 1) != 0;
  if (from < to) return today && minute >= from && minute < to;
  const bool yesterday = (days >> ((weekday + 6) % 7) & 1) != 0;
  return (today && minute >= from) || (yesterday && minute < to);
}

std::optional<TimeWindow> parse_window(std::string_view text) {
  TimeWindow window;
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos && parse_hours(text, window)) return window;
  const auto days = parse_days(text.substr(0, blank));
  if (!days) return std::nullopt;
  window.days = *days;
  if (blank != std::string_view::npos && !parse_hours(text.substr(blank + 1), window)) {
    return std::nullopt;
  }
  return window;
}

LocalMinute local_minute(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return {};
  return {local.tm_wday, local.tm_hour * 60 + local.tm_min};
}

std::optional<WallTime> parse_local_time(std::string_view text) {
  if (text.size() != 16 || text[4] != '-' || text[7] != '-' || text[10] != ' ') return std::nullopt;
  const auto year = parse_number(text.substr(0, 4));
  const auto month = parse_number(text.substr(5, 2));
  const auto day = parse_number(text.substr(8, 2));
  const auto minute = parse_minute(text.substr(11));
  if (!year || !month || !day || !minute) return std::nullopt;
  if (*year < 1970 || *year > 2200) return std::nullopt;  // a WallTime ends in 2262
  if (*month < 1 || *month > 12 || *day < 1 || *day > 31) return std::nullopt;
  std::tm local{};
  local.tm_year = static_cast<int>(*year) - 1900;
  local.tm_mon = static_cast<int>(*month) - 1;
  local.tm_mday = static_cast<int>(*day);
  local.tm_min = *minute;
  local.tm_isdst = -1;
  const std::time_t seconds = std::mktime(&local);
  if (local.tm_mday != static_cast<int>(*day)) return std::nullopt;  // the 31st of February
  return std::chrono::system_clock::from_time_t(seconds);
}

bool glob_matches(std::string_view pattern, std::string_view text, bool ignore_case) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last one passed, and what it stands for so far
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() &&
               (pattern[p] == '?' || same(pattern[p], text[t], ignore_case))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace weir
