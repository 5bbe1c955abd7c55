#include "core/utf16.h"

#include "core/cursor.h"

namespace weir {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

bool is_high(char32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(char32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

void append(std::string& out, char32_t point) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

char32_t next_point(Cursor& in) {
  const char32_t unit = in.u16le();
  if (!is_high(unit)) return is_low(unit) ? kReplacement : unit;
  if (in.remaining() < 2) return kReplacement;
  const char32_t low = Cursor(in.peek(2)).u16le();
  if (!is_low(low)) return kReplacement;
  in.skip(2);
  return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

}  // namespace

std::string utf8_from_utf16le(ByteView text) {
  std::string out;
  Cursor in(text);
  while (in.remaining() >= 2) append(out, next_point(in));
  return out;
}

}  // namespace weir
