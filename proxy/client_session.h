// One client connection: requests to the proxy itself, and CONNECT tunnels with what is inside.
// Owned by the listener's spawn; everything it starts has ended when it returns.
#pragma once

#include <memory>

#include "core/co.h"
#include "core/fd.h"
#include "core/net_addr.h"
#include "proxy/services.h"

namespace weir {

// Serves an accepted connection until it ends. Never throws, never outlives `svc`.
Co<void> serve_client(UniqueFd socket, Endpoint peer, LoopServices& svc);

}  // namespace weir
