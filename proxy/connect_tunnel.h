// What a CONNECT request becomes: refused, bypassed untouched, or opened and inspected.
#pragma once

#include <memory>
#include <string>

#include "core/co.h"
#include "core/http_message.h"
#include "proxy/http/h1_client_connection.h"
#include "proxy/services.h"
#include "proxy/transaction.h"

namespace weir {

// `connection` has just delivered this CONNECT request as `stream`; both are used up.
Co<void> run_connect(H1ClientConnection& connection, std::unique_ptr<ClientStream> stream,
                     ClientContext context, LoopServices& svc);

}  // namespace weir
