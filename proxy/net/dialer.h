// Connects to a host: resolves it, drops the addresses that the guard refuses (after resolution, so
// that no name can rebind its way in), and races the rest as RFC 8305 says: IPv6 first, families
// interleaved, a new attempt when the stagger passes or one fails, the first to connect wins. Per
// loop, loop thread only; outlives what it dials.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "conf/settings.h"
#include "core/clock.h"
#include "core/co.h"
#include "core/net_addr.h"
#include "core/result.h"
#include "proxy/net/byte_stream.h"

namespace weir {

class Loop;
class Resolver;

// True if we may connect there. Called once per resolved address.
using AddressGuard = std::function<bool(const IpAddress&)>;

struct Dialed {
  std::unique_ptr<ByteStream> stream;
  Endpoint peer;
  Duration dns{0};
  Duration connect{0};
};

class Dialer {
 public:
  Dialer(Loop& loop, Resolver& resolver, const TimeoutSettings& timeouts);
  virtual ~Dialer() = default;

  // `limit` bounds connecting, all attempts together; resolution has its own. Errors name host and
  // port: dns_failure, address_denied (with the class), refused, unreachable, timeout. All of them
  // are retryable in the sense that nothing was sent.
  // Virtual, so that tests can dial into memory.
  virtual Co<Result<Dialed>> dial(std::string host, std::uint16_t port, AddressGuard guard,
                                  Duration limit);

 private:
  Loop& loop_;
  Resolver& resolver_;
  Duration stagger_;
};

}  // namespace weir
