// Notices on their way out: one row for each notice and outlet, kept in SQLite until it was sent or
// given up, so that a kill loses none. What was sent just before a kill may be sent again. Blocks
// on the disk; any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "proxy/events/notice.h"
#include "sandbox_client/sqlite.h"

namespace weir {

struct Parcel {
  std::int64_t id = 0;
  WallTime made{};
  unsigned tries = 0;
  std::string subject, text;  // for people, remote text is escaped
  std::string json;           // the line of the event log
};

// What a person reads: one line, and all of it.
std::string notice_subject(const Notice& notice);
std::string notice_text(const Notice& notice);

class Outbox {
 public:
  // `clock` outlives it. What waits is due at once, whatever was planned before.
  static Result<std::unique_ptr<Outbox>> open(const std::string& path, const Clock& clock);

  // On the disk when it returns. When `kMost` wait, the oldest goes.
  Result<> put(const Notice& notice, const std::vector<std::string>& outlets);

  Result<std::optional<Parcel>> next(const std::string& outlet);  // the oldest that is due
  // Until one is due; nullopt: none waits.
  Result<std::optional<Duration>> wait(const std::string& outlet);
  Result<> remove(std::int64_t id);
  Result<> later(std::int64_t id, Duration pause);
  std::uint64_t waiting(const std::string& outlet);

  static constexpr std::int64_t kMost = 20'000;

 private:
  Outbox(const Clock& clock, Database database) : clock_(clock), database_(std::move(database)) {}

  const Clock& clock_;
  std::mutex mutex_;
  Database database_;
};

}  // namespace weir
