#include "core/escape.h"

#include <algorithm>
#include <cstdint>

namespace weir {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

// What the second byte of a sequence may be, given the first (RFC 3629 section 4).
bool second_byte_fits(std::uint8_t first, std::uint8_t second) {
  switch (first) {
    case 0xe0: return second >= 0xa0 && second <= 0xbf;
    case 0xed: return second >= 0x80 && second <= 0x9f;
    case 0xf0: return second >= 0x90 && second <= 0xbf;
    case 0xf4: return second >= 0x80 && second <= 0x8f;
    default: return second >= 0x80 && second <= 0xbf;
  }
}

}  // namespace

namespace {

void escape_byte(char c, std::string& out) {
  const auto byte = static_cast<std::uint8_t>(c);
  switch (c) {
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  if (byte >= 0x20 && byte <= 0x7e) {
    out += c;
    return;
  }
  out += "\\x";
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

// C1 controls, and the characters that mark or change the direction of text (Unicode 5.2.1, UAX 9
// section 2), of two and three bytes.
bool drives_terminal(std::string_view sequence) {
  if (sequence.size() == 2) return sequence[0] == '\xc2' && byte_at(sequence, 1) < 0xa0;
  if (sequence.size() != 3 || sequence[0] != '\xe2') return false;
  const std::uint8_t middle = byte_at(sequence, 1), last = byte_at(sequence, 2);
  const bool marks =
      middle == 0x80 && ((last >= 0x8b && last <= 0x8f) || (last >= 0xa8 && last <= 0xae));
  return marks || (middle == 0x81 && last >= 0xa0);
}

}  // namespace

std::string escape_for_log(std::string_view text, std::size_t most) {
  std::string out;
  out.reserve(std::min(text.size(), most));
  for (const char c : text.substr(0, most)) escape_byte(c, out);
  if (text.size() > most) out += "...";
  return out;
}

std::string escape_for_terminal(std::string_view text, std::size_t most) {
  std::string out;
  std::string_view rest = text.substr(0, most);
  while (!rest.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8_length(rest), 1);
    const std::string_view sequence = rest.substr(0, length);
    if (length > 1 && !drives_terminal(sequence)) {
      out += sequence;
    } else {
      for (const char c : sequence) escape_byte(c, out);
    }
    rest.remove_prefix(length);
  }
  if (text.size() > most) out += "...";
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      case '\0': out += "\xef\xbf\xbd"; break;
      default: out += c;
    }
  }
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void add_csv_cell(std::string& line, std::string_view cell) {
  if (!line.empty()) line += ',';
  line += '"';
  if (!cell.empty() && std::string_view("=+-@\t\r").contains(cell.front())) line += '\'';
  for (const char c : cell) {
    if (c == '"') line += '"';
    line += c == '\n' || c == '\r' || c == '\0' ? ' ' : c;
  }
  line += '"';
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool room = text[i] == '%' && text.size() - i > 2;
    const int high = room ? hex_digit(text[i + 1]) : -1;
    const int low = room ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

std::size_t utf8_length(std::string_view text) {
  const std::uint8_t first = byte_at(text, 0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (text.size() < length || !second_byte_fits(first, byte_at(text, 1))) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(text, i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace weir
