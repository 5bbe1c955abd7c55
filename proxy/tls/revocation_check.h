// Applies revocation to a checked chain: what is at hand without asking anyone, and what that
// leaves open. Private to proxy/tls.
#pragma once

#include <string>
#include <string_view>

#include "proxy/tls/chain_check.h"
#include "proxy/tls/revocation.h"

namespace weir {

// Staple for the leaf, configured lists for every certificate. revoked, good or unknown is the
// leaf's; a revoked intermediate makes the whole revoked. Adds the problem when revoked.
Standing revocation_at_hand(const TrustStore& trust, ChainCheck& check, const std::string& staple,
                            WallTime now);

// The above, and in hard mode "revocation-unknown" when the leaf's standing stays open.
void add_revocation_at_hand(const TrustStore& trust, ChainCheck& check, const std::string& staple,
                            WallTime now, std::string_view mode);

void add_revoked(ChainCheck& check, X509* cert, std::string_view source);
void add_revocation_unknown(ChainCheck& check);

}  // namespace weir
