// Fetches small things over plain HTTP for the certificate verifier (AIA certificates, CRLs, OCSP
// answers), through the gateway's own dialer, so that the address guard of policy holds. Bounded in
// size and time; follows no redirects. Loop thread only.
#pragma once

#include <string>

#include "core/clock.h"
#include "core/co.h"
#include "core/result.h"

namespace weir {

struct LoopServices;

// GET, or POST when `post_body` is not empty. Only a 200 counts. Errors: invalid (not an http URL),
// those of dialling, too_large, timeout, malformed.
Co<Result<std::string>> fetch_small(LoopServices& svc, std::string url, std::string post_body,
                                    std::string content_type, std::size_t max_bytes,
                                    Duration limit);

}  // namespace weir
