// Who vouches for the signer of a program: the chain of certificates to given roots (RFC 5280), and
// the time stamp that lets a signature outlive its certificate (RFC 3161). Any thread.
#pragma once

#include <cstdint>

#include "inspect/formats/authenticode_signature.h"
#include "inspect/formats/publisher_roots.h"

namespace weir {

// Whether the signer may sign code, now or when it was stamped. Roots are not empty.
bool is_vouched_for(const SpcSignature& one, const PublisherRoots& roots, std::int64_t now);

}  // namespace weir
