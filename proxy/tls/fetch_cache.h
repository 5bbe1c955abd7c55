// What was fetched for the verifier (issuers, OCSP answers, lists), by key, for a time. A failure
// is kept too, for a shorter one, so that an unreachable server costs one wait. Bounded in entries;
// a body's size is bounded by the fetch. Loop thread only.
#pragma once

#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/clock.h"

namespace weir {

class FetchCache {
 public:
  explicit FetchCache(std::size_t most) : most_(most) {}

  // nullptr: not known, or past its time. An empty text is a remembered failure.
  const std::string* find(const std::string& key, WallTime now);
  const std::string& put(const std::string& key, std::string body, WallTime until);

 private:
  struct Entry {
    std::string key, body;
    WallTime until;
  };
  using Order = std::list<Entry>;
  std::size_t most_;
  Order order_;  // the most recently put first
  std::unordered_map<std::string, Order::iterator> index_;
};

}  // namespace weir
