#include "proxy/blocked_memory.h"

namespace weir {

void BlockedMemory::remember(const std::string& url, BlockedObject object) {
  const std::lock_guard lock(mutex_);
  if (const auto known = entries_.find(url); known != entries_.end()) {
    oldest_first_.erase(known->second.order);
    entries_.erase(known);
  }
  if (entries_.size() >= kEntries) {
    entries_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
  oldest_first_.push_back(url);
  entries_.emplace(
      url, Entry{std::move(object), clock_.steady() + kLifetime, std::prev(oldest_first_.end())});
}

std::optional<BlockedObject> BlockedMemory::find(const std::string& url) const {
  const std::lock_guard lock(mutex_);
  const auto known = entries_.find(url);
  if (known == entries_.end() || known->second.until < clock_.steady()) return std::nullopt;
  return known->second.object;
}

void BlockedMemory::forget(const std::string& url) {
  const std::lock_guard lock(mutex_);
  const auto known = entries_.find(url);
  if (known == entries_.end()) return;
  oldest_first_.erase(known->second.order);
  entries_.erase(known);
}

}  // namespace weir
