// Byte ranges (RFC 9110 section 14) as the gateway answers them from a whole that it fetched and
// inspected: one range only; anything else is answered with the whole. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/http_message.h"

namespace weir {

struct ByteRange {
  std::optional<std::uint64_t> first;  // unset: the last `last` bytes
  std::optional<std::uint64_t> last;   // inclusive; unset: to the end
};

// "bytes=0-499" and its kin; nullopt for several ranges, other units or nonsense.
std::optional<ByteRange> parse_range(std::string_view value);

struct Slice {
  std::uint64_t offset = 0, length = 0;
  bool satisfiable = true;
};
Slice resolve(const ByteRange& range, std::uint64_t size);

// True if If-Range lets the range be used on this representation (RFC 9110 13.1.5, strong ETags and
// exact dates only).
bool if_range_holds(std::string_view if_range, const Fields& response);

std::string content_range(const Slice& slice, std::uint64_t size);  // "bytes 0-499/1234"

}  // namespace weir
