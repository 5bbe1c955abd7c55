// One new connection to an origin: the address guard, TCP, TLS, and what events will say of it.
// Loop thread only; what is passed by reference outlives the call.
#pragma once

#include <memory>

#include "conf/settings.h"
#include "core/co.h"
#include "core/result.h"
#include "proxy/http/streams.h"
#include "proxy/net/byte_stream.h"

namespace weir {

class Dialer;
class OriginTls;
struct OriginTarget;

struct NewOrigin {
  std::unique_ptr<ByteStream> stream;
  OriginFacts facts;  // protocol says which codec speaks on it
};

// Errors are those of dialling and TLS.
Co<Result<NewOrigin>> connect_origin(const OriginTarget& target, Dialer& dialer, OriginTls& tls,
                                     const Clock& clock, const TimeoutSettings& timeouts);

}  // namespace weir
