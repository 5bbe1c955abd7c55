// Two streams joined: what comes from one goes to the other until both have ended, one breaks, or
// nothing moves for `idle`. Small exchanges are copied; bulk flows through kernel pipes (splice(2))
// when both are sockets, without touching our memory. An end in one direction is passed on as such
// while the other goes on; a reset is passed on as a reset. Both streams are closed afterwards.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/co.h"
#include "core/result.h"
#include "proxy/net/byte_stream.h"

namespace weir {

class Loop;

struct TunnelCounts {
  std::uint64_t a_to_b = 0;  // includes first_bytes_for_b
  std::uint64_t b_to_a = 0;
  bool idle = false;   // ended because nothing moved
  bool reset = false;  // ended by a broken connection; `broken` says which and why
  Error broken{};
};

// The counts are there however it ended; only a failure of our own is an error.
Co<Result<TunnelCounts>> splice_tunnel(Loop& loop, ByteStream& a, ByteStream& b,
                                       std::string first_bytes_for_b, Duration idle);

}  // namespace weir
