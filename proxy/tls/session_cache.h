// TLS sessions with origins, so that the next connection is cheaper. Each keeps what the full
// handshake's verification found: a resumed connection shows no certificate, and inherits exactly
// that. The key holds everything that the verification depended on. Bounded; loop thread only.
// Private to proxy/tls.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/tls/openssl.h"
#include "proxy/tls/tls.h"

namespace weir {

using SessionPtr = std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>>;

struct KnownOrigin {
  std::shared_ptr<const OriginCertificate> certificate;
  WallTime valid_until;  // the verification is not relied on past this
};

struct KnownSession {
  SessionPtr session;
  KnownOrigin origin;
};

class SessionCache {
 public:
  static constexpr std::size_t kPerKey = 4;  // connections that open at once each need a ticket

  explicit SessionCache(std::size_t most_keys) : most_(most_keys) {}
  // The newest. One of TLS 1.3 leaves the cache: its ticket is good for one use (RFC 8446 C.4).
  std::optional<KnownSession> take(const std::string& key, WallTime now);
  void put(const std::string& key, KnownSession known);
  void erase(const std::string& key);
  std::size_t size() const { return index_.size(); }

 private:
  struct Entry {
    std::string key;
    std::vector<KnownSession> sessions;  // the newest last
  };
  using Order = std::list<Entry>;
  std::size_t most_;
  Order order_;
  std::unordered_map<std::string, Order::iterator> index_;
};

}  // namespace weir
