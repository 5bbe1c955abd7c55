#include "proxy/tls/session_cache.h"

namespace weir {
namespace {

bool is_for_one_use(const SSL_SESSION* session) {
  return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
}

}  // namespace

std::optional<KnownSession> SessionCache::take(const std::string& key, WallTime now) {
  const auto found = index_.find(key);
  if (found == index_.end()) return std::nullopt;
  order_.splice(order_.begin(), order_, found->second);
  auto& sessions = found->second->sessions;
  std::erase_if(sessions, [now](const KnownSession& known) {
    return known.origin.valid_until <= now || SSL_SESSION_is_resumable(known.session.get()) == 0;
  });
  if (sessions.empty()) {
    erase(key);
    return std::nullopt;
  }
  KnownSession& newest = sessions.back();
  SSL_SESSION_up_ref(newest.session.get());
  KnownSession out{SessionPtr(newest.session.get()), newest.origin};
  if (is_for_one_use(out.session.get())) sessions.pop_back();
  return out;
}

void SessionCache::put(const std::string& key, KnownSession known) {
  const auto found = index_.find(key);
  if (found == index_.end()) {
    order_.push_front({key, {}});
    index_[key] = order_.begin();
  } else {
    order_.splice(order_.begin(), order_, found->second);
  }
  auto& sessions = order_.front().sessions;
  if (sessions.size() == kPerKey) sessions.erase(sessions.begin());
  sessions.push_back(std::move(known));
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
