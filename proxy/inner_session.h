// HTTP inside an intercepted TLS connection: h2 or http/1.1 as ALPN agreed, nothing else.
#pragma once

#include <memory>

#include "core/co.h"
#include "core/result.h"
#include "proxy/services.h"
#include "proxy/tls/tls.h"
#include "proxy/transaction.h"

namespace weir {

struct InnerOutcome {
  std::uint64_t told = 0;  // requests, good or bad, that have their events
  // tls_client_rejected: the client refused our certificate after the handshake had ended for us
  // (TLS 1.3), before any request.
  Result<void> ended{};
};

// Serves until the connection ends.
Co<InnerOutcome> serve_inner(std::unique_ptr<TlsStream> tls, const ClientContext& context,
                             LoopServices& svc);

}  // namespace weir
