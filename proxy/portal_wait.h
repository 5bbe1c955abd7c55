// The part of the gateway's own site where held files wait for a sandbox (portal.h): /wait/…. Loop
// thread only.
#pragma once

#include <string_view>

#include "core/co.h"
#include "proxy/http/streams.h"
#include "proxy/services.h"
#include "proxy/transaction.h"
#include "proxy/transaction_record.h"

namespace weir {

// `path` is what follows /wait/.
Co<Result<void>> serve_wait(ClientStream& client, const ClientContext& context,
                            std::string_view path, LoopServices& svc, TransactionRecord& record);

}  // namespace weir
