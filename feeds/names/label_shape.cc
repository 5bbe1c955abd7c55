#include "feeds/names/label_shape.h"

#include <algorithm>

#include "feeds/names/confusable_table.h"
#include "feeds/names/punycode.h"

namespace weir {
namespace {

constexpr std::string_view kAce = "xn--";
constexpr char kNoLikeness = '?';
constexpr char32_t kFirstFullwidth = 0xff01, kLastFullwidth = 0xff5e;

bool is_mark(char32_t code) {  // combining diacritics, joiners, variation selectors
  return (code >= 0x0300 && code <= 0x036f) || (code >= 0x200b && code <= 0x200d) ||
         (code >= 0xfe00 && code <= 0xfe0f);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

char like(char32_t code) {
  if (code < 0x80) return lower(static_cast<char>(code));
  if (code >= kFirstFullwidth && code <= kLastFullwidth) {
    return lower(static_cast<char>(code - kFirstFullwidth + '!'));
  }
  const auto& rows = confusable_table::kRows;
  const auto row = std::ranges::lower_bound(rows, code, {}, &confusable_table::Row::code);
  return row != rows.end() && row->code == code ? row->like : kNoLikeness;
}

std::string_view expansion(const char& c) {
  switch (c) {
    case '0': return "o";
    case '1':
    case 'i': return "l";
    case '2': return "z";
    case '3': return "e";
    case '4': return "a";
    case '5': return "s";
    case '6':
    case '8': return "b";
    case '7': return "t";
    case '9': return "g";
    case 'd': return "cl";
    case 'm': return "rn";
    case 'w': return "vv";
    default: return {&c, 1};
  }
}

}  // namespace

LabelShape label_shape(std::string_view label) {
  std::u32string letters;
  if (!label.starts_with(kAce) || !decode_punycode(label.substr(kAce.size()), letters)) {
    return {std::string(label), false};
  }
  LabelShape shape;
  for (const char32_t code : letters) {
    shape.foreign |= code >= 0x80;
    if (!is_mark(code)) shape.plain.push_back(like(code));
  }
  return shape;
}

std::string skeleton(std::string_view plain) {
  std::string out;
  out.reserve(2 * plain.size());
  for (const char& c : plain) out += expansion(c);
  return out;
}

}  // namespace weir
