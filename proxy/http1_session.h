// What both HTTP/1 sessions (to the proxy, and inside a tunnel) do with a request they cannot read.
#pragma once

#include "core/co.h"
#include "core/result.h"
#include "proxy/http/h1_client_connection.h"
#include "proxy/services.h"
#include "proxy/transaction.h"

namespace weir {

// An unreadable request gets a page with the reason and one event, one that is cut short or does
// not come to its end the event only; an orderly end gets neither. True when there was something to
// tell.
Co<bool> answer_bad_request(H1ClientConnection& connection, const ClientContext& context,
                            LoopServices& svc, Error error);

}  // namespace weir
