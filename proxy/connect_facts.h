// What the connect stage may look at. Views point into the arguments.
#pragma once

#include "feeds/reputation.h"
#include "policy/policy.h"
#include "proxy/http/streams.h"
#include "proxy/name_knowledge.h"
#include "proxy/transaction.h"

namespace weir {

// Of the host, of the name asked for inside, and of the client's TLS fingerprint.
Reputation connect_reputation(const ClientContext& context, const Index& index, WallTime now);

// What lists say of the address that a host resolved to, and of the certificate it showed.
Hits peer_hits(const OriginFacts& peer, const Index& index, WallTime now);

// The address alone, into what is known so far; false when no list has it.
bool add_peer(Reputation& reputation, const std::string& address, const Index& index, WallTime now);

Facts connect_facts(const ClientContext& context, const Policy& policy,
                    const Reputation& reputation, const NameFacts& names, bool tls,
                    std::string_view first_bytes, WallTime now);

}  // namespace weir
