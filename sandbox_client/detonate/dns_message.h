// The little of DNS (RFC 1035, sections 4.1 and 4.2) that answers every question for an address.
// Pure; the questions come from samples.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"

namespace weir {

struct DnsQuestion {
  std::string name;  // without the last dot; bytes that are no letter, digit, "-", "_", "." are "?"
  std::uint16_t type = 0;
  std::size_t end = 0;  // of the question in the message
};

// Of a query with exactly one question; nothing for all else.
std::optional<DnsQuestion> read_dns_question(ByteView message);

// To that query: the address for a question of type A, no record for other types.
std::vector<std::uint8_t> answer_dns(ByteView message, const DnsQuestion& question,
                                     std::array<std::uint8_t, 4> address);

}  // namespace weir
