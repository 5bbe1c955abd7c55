// Answers sign requests on SOCK_SEQPACKET sockets until every one of them is closed. One thread.
// A request that breaks the format ends the server: the gateway would have to be compromised or
// broken to send it, and starts another.
#pragma once

#include <vector>

#include "core/fd.h"
#include "proxy/sign/leaf_signer.h"

namespace weir {

enum class ServerEnd : std::uint8_t { closed, nonsense, io };

ServerEnd serve_signer(LeafSigner& signer, const std::vector<UniqueFd>& peers, const Clock& clock);

// One reply; false when the peer cannot take it (a full socket counts: the gateway times out).
bool send_reply(int peer, const SignReply& reply);

}  // namespace weir
