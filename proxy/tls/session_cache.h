// TLS sessions with origins, so that the next connection is cheaper. An entry keeps what the full
// handshake's verification found: a resumed connection shows no certificate, and inherits exactly
// that. The key holds everything that the verification depended on. Bounded; loop thread only.
// Private to proxy/tls.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "proxy/tls/openssl.h"
#include "proxy/tls/tls.h"

namespace weir {

using SessionPtr = std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>>;

struct KnownOrigin {
  std::shared_ptr<const OriginCertificate> certificate;
  WallTime valid_until;  // the verification is not relied on past this
};

class SessionCache {
 public:
  struct Entry {
    std::string key;
    SessionPtr session;
    KnownOrigin origin;
  };

  explicit SessionCache(std::size_t most) : most_(most) {}
  const Entry* find(const std::string& key, WallTime now);
  void put(const std::string& key, SessionPtr session, KnownOrigin origin);
  void erase(const std::string& key);
  std::size_t size() const { return index_.size(); }

 private:
  using Order = std::list<Entry>;
  std::size_t most_;
  Order order_;
  std::unordered_map<std::string, Order::iterator> index_;
};

}  // namespace weir
