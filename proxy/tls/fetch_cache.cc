#include "proxy/tls/fetch_cache.h"

namespace weir {

const std::string* FetchCache::find(const std::string& key, WallTime now) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  if (found->second->until > now) return &found->second->body;
  order_.erase(found->second);
  index_.erase(found);
  return nullptr;
}

const std::string& FetchCache::put(const std::string& key, std::string body, WallTime until) {
  if (const auto found = index_.find(key); found != index_.end()) {
    order_.erase(found->second);
    index_.erase(found);
  }
  order_.push_front({key, std::move(body), until});
  index_[key] = order_.begin();
  if (order_.size() > most_) {
    index_.erase(order_.back().key);
    order_.pop_back();
  }
  return order_.front().body;
}

}  // namespace weir
