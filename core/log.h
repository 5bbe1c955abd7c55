// The operator's log: one line per call on a descriptor (standard error), passed by reference.
//   2026-01-02T03:04:05.678Z warning tls: no kernel support; key=value other="two words"
// Remote text is escaped here. Any thread. Never waits: when the reader of a pipe does not keep up,
// lines are dropped and counted, and the next line that passes says how many.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace weir {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
std::string_view log_level_name(LogLevel level);
std::optional<LogLevel> log_level_from_name(std::string_view name);

struct LogField {
  std::string_view key;
  std::string_view value;
};
using LogFields = std::initializer_list<LogField>;

class Log {
 public:
  // Does not own the descriptor. `clock` outlives the log.
  Log(int fd, LogLevel least, const Clock& clock) : fd_(fd), least_(least), clock_(clock) {}

  void debug(std::string_view area, std::string_view message, LogFields fields = {}) {
    write(LogLevel::debug, area, message, fields);
  }
  void info(std::string_view area, std::string_view message, LogFields fields = {}) {
    write(LogLevel::info, area, message, fields);
  }
  void warn(std::string_view area, std::string_view message, LogFields fields = {}) {
    write(LogLevel::warning, area, message, fields);
  }
  void error(std::string_view area, std::string_view message, LogFields fields = {}) {
    write(LogLevel::error, area, message, fields);
  }

  void set_least(LogLevel least) { least_.store(least, std::memory_order_relaxed); }
  bool writes(LogLevel level) const { return level >= least_.load(std::memory_order_relaxed); }
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  void write(LogLevel level, std::string_view area, std::string_view message, LogFields fields);
  bool put(std::string_view line);

  const int fd_;
  std::atomic<LogLevel> least_;
  const Clock& clock_;
  std::mutex mutex_;                    // one line at a time
  std::atomic<std::uint64_t> lost_{0};  // in all
  std::uint64_t lost_unsaid_ = 0;       // since a line passed; under mutex_
};

// "2026-01-02T03:04:05.678Z"
std::string iso_time(WallTime time);

}  // namespace weir
