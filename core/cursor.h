// A bounds-checked reader over hostile bytes. Reading past the end yields zeros or empty views and
// sets failed(), which never clears: parse a whole structure, then ask once. Views point into the
// bytes given at construction. A plain value.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/bytes.h"

namespace weir {

class Cursor {
 public:
  explicit Cursor(ByteView bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  bool ok() const { return !failed_; }
  std::size_t position() const { return at_; }
  std::size_t remaining() const { return failed_ ? 0 : bytes_.size() - at_; }
  bool at_end() const { return remaining() == 0; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(big(1)); }
  std::uint16_t u16be() { return static_cast<std::uint16_t>(big(2)); }
  std::uint32_t u24be() { return static_cast<std::uint32_t>(big(3)); }
  std::uint32_t u32be() { return static_cast<std::uint32_t>(big(4)); }
  std::uint64_t u64be() { return big(8); }
  std::uint16_t u16le() { return static_cast<std::uint16_t>(little(2)); }
  std::uint32_t u32le() { return static_cast<std::uint32_t>(little(4)); }
  std::uint64_t u64le() { return little(8); }

  ByteView take(std::uint64_t size) {
    if (size > remaining()) {
      failed_ = true;
      return {};
    }
    const ByteView taken = bytes_.subspan(at_, static_cast<std::size_t>(size));
    at_ += taken.size();
    return taken;
  }
  void skip(std::uint64_t size) { take(size); }
  void seek(std::uint64_t position) {
    if (failed_ || position > bytes_.size()) {
      failed_ = true;
    } else {
      at_ = static_cast<std::size_t>(position);
    }
  }
  ByteView rest() { return take(remaining()); }
  // Up to `size` of the next bytes without moving.
  ByteView peek(std::size_t size) const {
    return failed_ ? ByteView() : bytes_.subspan(at_, std::min(size, remaining()));
  }
  // A reader over the next `size` bytes, which this one then has passed; failed if they are short.
  Cursor sub(std::uint64_t size) {
    Cursor inner(take(size));
    inner.failed_ = failed_;
    return inner;
  }

 private:
  std::uint64_t big(std::size_t size) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : take(size)) value = value << 8 | byte;
    return value;
  }
  std::uint64_t little(std::size_t size) {
    std::uint64_t value = 0;
    unsigned shift = 0;
    for (const std::uint8_t byte : take(size)) {
      value |= static_cast<std::uint64_t>(byte) << shift;
      shift += 8;
    }
    return value;
  }

  ByteView bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace weir
