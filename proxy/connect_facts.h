// What the connect stage may look at. Views point into the arguments.
#pragma once

#include "feeds/reputation.h"
#include "policy/policy.h"
#include "proxy/name_knowledge.h"
#include "proxy/transaction.h"

namespace weir {

// Of the host and of the name asked for inside.
Reputation connect_reputation(const ClientContext& context, const Index& index, WallTime now);

Facts connect_facts(const ClientContext& context, const Policy& policy,
                    const Reputation& reputation, const NameFacts& names, bool tls,
                    std::string_view first_bytes, WallTime now);

}  // namespace weir
