// The bytes that stand for a listed value in the hash table of an index. Builder and look-ups
// share it. Plain functions.
#pragma once

#include <string_view>

#include "core/net_addr.h"
#include "feeds/index_format.h"

namespace weir {

inline std::string_view ip_key(const IpAddress& address) {
  return {reinterpret_cast<const char*>(address.bytes.data()), address.size()};
}

// All kinds but ip use their canonical text; the kind is mixed in afterwards (index_format::mix),
// so that all kinds of one text share a place and a filter probe.
inline Hash128 key_hash(const SipKey& key, std::string_view text) {
  return siphash128<1, 3>(key, text);
}

}  // namespace weir
