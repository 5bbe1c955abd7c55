// What weir-sign does for the life of a CA, beside signing: everything that needs a CA's key. It
// runs as a process of its own for one act and ends; the files lie in the state directory:
//   ca.pem, ca.key                  in force (proxy/tls/ca.h)
//   ca-next.pem, ca-next.key        the one that takes its place when it is activated
//   ca-request.pem, ca-request.key  a request to a company's PKI, and the key it is for
// Nothing is ever overwritten. Blocks on files.
#pragma once

#include <string>

#include "core/clock.h"
#include "core/result.h"

namespace weir {

// A new CA as the next one. Its file also holds its cross certificate by the CA in force, if that
// may give one; then clients need not have the new one before it is activated.
Result<void> create_next_ca(const std::string& dir, WallTime now);

// A new key and a PKCS#10 request (RFC 2986) for an intermediate CA of this name.
Result<void> create_ca_request(const std::string& dir, const std::string& common_name,
                               const std::string& organisation);

// What the PKI answered: the certificate for the request's key, then its issuers, upwards. Becomes
// the next CA, if a leaf that it signs verifies as clients do, up to the last of the chain.
Result<void> install_ca_chain(const std::string& dir, const std::string& chain_file, WallTime now);

}  // namespace weir
