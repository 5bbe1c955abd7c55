// One of the bypassed connections that limits.tunnels lets exist at once, and what the others are
// told. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "proxy/refusal.h"
#include "proxy/services.h"

namespace weir {

// A fatal internal_error (RFC 8446 6.2): a client whose tunnel cannot be had reads a refusal, not a
// broken connection.
inline constexpr std::string_view kTlsRefusal("\x15\x03\x03\x00\x02\x02\x50", 7);

// One of the tunnels that may exist at once, while it lives.
class TunnelPlace {
 public:
  explicit TunnelPlace(Shared& shared)
      : shared_(shared),
        taken_(shared.tunnels.fetch_add(1) < shared.settings.limits.tunnels),
        counted_(shared.counters.tunnels) {}
  TunnelPlace(const TunnelPlace&) = delete;
  TunnelPlace& operator=(const TunnelPlace&) = delete;
  ~TunnelPlace() { shared_.tunnels.fetch_sub(1); }
  explicit operator bool() const { return taken_; }

 private:
  Shared& shared_;
  bool taken_;
  Counted counted_;
};

inline std::string over_limit_text(const LimitSettings& limits) {
  return "limits.tunnels is reached (" + std::to_string(limits.tunnels) + ")";
}

inline Refusal no_tunnel_left(const LimitSettings& limits) {
  return {.kind = RefusalKind::busy,
          .status = 503,
          .action = "error",
          .rule = "limits.tunnels",
          .detail = over_limit_text(limits),
          .retry_after_seconds = 5};
}

}  // namespace weir
