#include "core/log.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdio>

#include "core/escape.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warning", "error"};

// A pipe that polls writable takes this much without waiting.
constexpr std::size_t kLongestLine = PIPE_BUF;

// Bare when it is one plain word, quoted otherwise.
void append_value(std::string& out, std::string_view value) {
  const std::string escaped = escape_for_log(value);
  if (!escaped.empty() && escaped.find_first_of(" =\"") == std::string::npos) {
    out += escaped;
    return;
  }
  out += '"';
  for (const char c : escaped) {
    if (c == '"') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

std::string_view log_level_name(LogLevel level) {
  const auto index = static_cast<std::size_t>(level);
  return index < kLevels.size() ? kLevels[index] : "unknown";
}

std::optional<LogLevel> log_level_from_name(std::string_view name) {
  const auto found = std::ranges::find(kLevels, name);
  if (found == kLevels.end()) return std::nullopt;
  return static_cast<LogLevel>(found - kLevels.begin());
}

std::string iso_time(WallTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<milliseconds>(time - day));
  std::array<char, 40> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
      static_cast<int>(clock.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

void Log::write(LogLevel level, std::string_view area, std::string_view message, LogFields fields) {
  if (!writes(level)) return;
  std::string line = iso_time(clock_.wall());
  line += ' ';
  line += log_level_name(level);
  line += ' ';
  line += escape_for_log(area);
  line += ": ";
  line += escape_for_log(message);
  for (const LogField& field : fields) {
    line += ' ';
    line += escape_for_log(field.key);
    line += '=';
    append_value(line, field.value);
  }
  const std::lock_guard lock(mutex_);
  if (lost_unsaid_ > 0) line += " log_lines_lost=" + std::to_string(lost_unsaid_);
  if (line.size() >= kLongestLine) line.resize(kLongestLine - 1);
  line += '\n';
  if (put(line)) {
    lost_unsaid_ = 0;
  } else {
    ++lost_unsaid_;
    lost_.fetch_add(1, std::memory_order_relaxed);
  }
}

bool Log::put(std::string_view line) {
  pollfd ready{fd_, POLLOUT, 0};
  if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return false;
  return ::write(fd_, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace weir
