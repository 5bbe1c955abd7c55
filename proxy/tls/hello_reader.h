// A bounds-checked, big-endian reader over bytes that live elsewhere; the vectors of TLS
// presentation language (RFC 8446 section 3). Every call says whether the bytes were there. Any
// thread.
#pragma once

#include <optional>

#include "core/bytes.h"

namespace weir {

class HelloReader {
 public:
  explicit HelloReader(ByteView bytes) : rest_(bytes) {}

  std::size_t left() const { return rest_.size(); }
  bool empty() const { return rest_.empty(); }

  std::optional<ByteView> take(std::size_t count) {
    if (count > rest_.size()) return std::nullopt;
    const ByteView out = rest_.first(count);
    rest_ = rest_.subspan(count);
    return out;
  }

  std::optional<std::uint32_t> number(std::size_t width) {  // width: 1 to 4 bytes
    const auto bytes = take(width);
    if (!bytes) return std::nullopt;
    std::uint32_t value = 0;
    for (const std::uint8_t byte : *bytes) value = (value << 8) | byte;
    return value;
  }

  std::optional<ByteView> vector(std::size_t width) {  // a length of `width` bytes, then that many
    const auto length = number(width);
    return length ? take(*length) : std::nullopt;
  }

 private:
  ByteView rest_;
};

}  // namespace weir
