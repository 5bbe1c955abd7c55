#include "inspect/formats/cms_ber.h"

#include <algorithm>

namespace weir {
namespace {

struct Header {
  std::uint8_t tag = 0;
  std::uint64_t length = 0;
  bool indefinite = false;
};

std::optional<Header> next_header(Cursor& in) {
  Header header{in.u8(), 0, false};
  const std::uint8_t first = in.u8();
  if (in.failed() || (header.tag & 0x1F) == 0x1F) return std::nullopt;
  if (first < 0x80) {
    header.length = first;
    return header;
  }
  if (first == 0x80) {  // 8.1.3.6: only constructed
    header.indefinite = true;
    return (header.tag & BerTag::kConstructed) != 0 ? std::optional(header) : std::nullopt;
  }
  const unsigned size = first & 0x7F;
  if (size > 8) return std::nullopt;
  for (unsigned i = 0; i < size; ++i) header.length = header.length << 8 | in.u8();
  return in.ok() ? std::optional(header) : std::nullopt;
}

}  // namespace

std::optional<BerElement> next_ber(Cursor& in) {
  const auto header = next_header(in);
  if (!header) return std::nullopt;
  BerElement element{header->tag, {}, header->indefinite, header->length > in.remaining()};
  const std::uint64_t there = in.remaining();
  element.content = in.take(header->indefinite ? there : std::min(header->length, there));
  return element;
}

std::optional<BerElement> next_ber(Cursor& in, std::uint8_t tag) {
  const ByteView next = in.peek(1);
  if (next.empty() || next[0] != tag) return std::nullopt;
  return next_ber(in);
}

bool skip_ber(Cursor& in) {
  constexpr int kMost = 100'000;
  constexpr int kDeepest = 64;
  int open = 0;
  for (int i = 0; i < kMost; ++i) {
    const auto header = next_header(in);
    if (!header) return false;
    const bool ends = header->tag == 0 && header->length == 0 && !header->indefinite;
    if (header->indefinite) {
      if (++open > kDeepest) return false;
    } else if (ends && open > 0) {
      --open;
    } else {
      in.skip(header->length);
    }
    if (in.failed()) return false;
    if (open == 0) return true;
  }
  return false;
}

}  // namespace weir
