// Remembers which URLs were blocked for what they carry, so that a range request cannot fetch the
// rest of a blocked object. Bounded and expiring; any thread.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/clock.h"
#include "core/finding.h"

namespace weir {

struct BlockedObject {
  std::string etag{}, last_modified{};  // validators of what was blocked, "" = none
  Verdict verdict = Verdict::clean;
  Reason reason = Reason::none;
  std::string threat{}, rule{};
};

class BlockedMemory {
 public:
  static constexpr std::size_t kEntries = 10000;
  static constexpr Duration kLifetime = std::chrono::hours(1);

  explicit BlockedMemory(const Clock& clock) : clock_(clock) {}
  void remember(const std::string& url, BlockedObject object);
  std::optional<BlockedObject> find(const std::string& url) const;
  void forget(const std::string& url);  // what lies there now was seen and allowed

 private:
  struct Entry {
    BlockedObject object;
    SteadyTime until;
    std::list<std::string>::iterator order;
  };
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::list<std::string> oldest_first_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace weir
