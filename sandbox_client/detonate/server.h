// weir-detonate as a service: one UNIX socket, one child for each request, at most `jobs` at a
// time; who comes while all are busy waits in the socket's queue. A child that dies takes its cell
// along and closes its connection, which the client must read as "no report". See request.h for the
// wire.
#pragma once

#include <string>

#include "core/result.h"
#include "sandbox_client/detonate/signature.h"

namespace weir {

struct ServerOptions {
  std::string socket;  // made anew, for the owner only; an old one is removed
  int jobs = 2;
};

// Returns only with an error. Ends with the process, and all cells with it.
Result<void> serve_detonations(const ServerOptions& options, const Signatures& signatures);

}  // namespace weir
