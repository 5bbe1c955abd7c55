// What a look back has told, so that it is told once, and what it was asked and has not answered;
// both survive a kill. SQLite; blocks on the disk. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "proxy/retro_match.h"
#include "sandbox_client/sqlite.h"

namespace weir {

class ToldMemory {
 public:
  // `clock` outlives it.
  static Result<std::unique_ptr<ToldMemory>> open(const std::string& path, const Clock& clock);

  Result<bool> was_told(const std::string& key);

  // A question that must be answered whatever happens. On the disk when it returns.
  Result<> ask(const Suspect& suspect);
  Result<std::vector<std::pair<std::int64_t, Suspect>>> asked(std::size_t most);

  // Both at once, or neither.
  Result<> told(const std::vector<std::string>& keys, const std::vector<std::int64_t>& answered);
  Result<> forget_before(WallTime time);

 private:
  ToldMemory(const Clock& clock, Database database)
      : clock_(clock), database_(std::move(database)) {}

  const Clock& clock_;
  std::mutex mutex_;
  Database database_;
};

}  // namespace weir
