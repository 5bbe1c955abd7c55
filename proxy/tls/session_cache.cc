#include "proxy/tls/session_cache.h"

namespace weir {

const SessionCache::Entry* SessionCache::find(const std::string& key, WallTime now) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  if (found->second->origin.valid_until <= now) {
    erase(key);
    return nullptr;
  }
  order_.splice(order_.begin(), order_, found->second);
  return &*found->second;
}

void SessionCache::put(const std::string& key, SessionPtr session, KnownOrigin origin) {
  erase(key);
  order_.push_front({key, std::move(session), std::move(origin)});
  index_[key] = order_.begin();
  if (order_.size() <= most_) return;
  index_.erase(order_.back().key);
  order_.pop_back();
}

void SessionCache::erase(const std::string& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return;
  order_.erase(found->second);
  index_.erase(found);
}

}  // namespace weir
