// The event of a request that never became one: who sent it, to which host, and what was wrong.
// Loop thread only.
#pragma once

#include <optional>

#include "proxy/transaction.h"

namespace weir {

// Nothing for an orderly end of the connection.
std::optional<TransactionRecord> bad_request_record(const Error& error,
                                                    const ClientContext& context,
                                                    LoopServices& svc);

// Counts and submits one; false when there is nothing to tell. `status`: sent to the client, 0 =
// none.
bool note_bad_request(const Error& error, int status, const ClientContext& context,
                      LoopServices& svc);

}  // namespace weir
