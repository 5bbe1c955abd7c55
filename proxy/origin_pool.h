// Connections to origins, shared by the transactions of one loop: HTTP/2 connections carry many
// exchanges, idle HTTP/1 connections are kept for the next one. A connection is reused only for
// exactly the same scheme, host, port and accepted certificate errors. Loop thread only.
//
// HTTP/1 connections of one key are limited in number; requests beyond wait in order of arrival.
// A connection may be dialled ahead, while the client is still busy with its own handshake: the
// first request that comes waits for it and gets what became of it, error or connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "conf/settings.h"
#include "core/co.h"
#include "core/metrics.h"
#include "core/result.h"
#include "policy/policy.h"
#include "proxy/http/streams.h"

namespace weir {

class Dialer;
class Loop;
class OriginTls;

struct OriginTarget {
  std::string scheme{};  // "http", "https"
  std::string host{};    // canonical
  std::uint16_t port = 0;
  std::vector<std::string> accepted_errors{};  // certificate errors that policy accepts here
  bool http1_only = false;                     // WebSocket: an HTTP/1.1 upgrade needs HTTP/1.1
  bool fresh = false;                          // after a failed reuse: a new connection
  std::shared_ptr<const Policy> policy{};      // its address guard

  std::string key() const;
};

class OriginPool {
 public:
  OriginPool(Loop& loop, Dialer& dialer, OriginTls& tls, const Settings& settings,
             Metrics& metrics);
  ~OriginPool();

  // An exchange with the target, on a pooled connection or a new one. Errors are those of dialling
  // and TLS, and busy when no place came free in time; nothing was sent.
  Co<Result<std::unique_ptr<OriginStream>>> open(OriginTarget target);

  // Nothing is at hand for the target, and there is room to dial ahead for it.
  bool wants_prefetch(const OriginTarget& target) const;
  // Dials and returns at once; what comes of it goes to the pool. Only if wants_prefetch().
  void prefetch(OriginTarget target);

  void close_idle();  // all idle ones now (reload, drain)
  std::size_t idle() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir
