#include "inspect/formats/sealed_base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace weir {
namespace {

constexpr std::uint8_t kBlank = 64, kOther = 65;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kOther);
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  values['-'] = 62;
  values['_'] = 63;
  for (const char c : {' ', '\t', '\r', '\n'}) values[static_cast<std::uint8_t>(c)] = kBlank;
  return values;
}();

std::uint8_t value_of(char c) { return kValues[static_cast<std::uint8_t>(c)]; }

bool begins_line(std::string_view text, std::size_t at) {
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t' || text[at - 1] == '>')) --at;
  // A byte order mark may stand before the first line.
  return at == 0 || text[at - 1] == '\n' || text[at - 1] == '\r' ||
         (at == 3 && text.starts_with("\xEF\xBB\xBF"));
}

}  // namespace

std::string decode_base64_head(std::string_view text, std::size_t most) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::uint8_t value = value_of(c);
    if (value == kBlank) continue;
    if (value == kOther || out.size() >= most) break;
    bits = bits << 6 | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> held & 0xFF);
    }
  }
  return out;
}

bool is_base64_text(std::string_view text) {
  bool some = false;
  for (const char c : text) {
    const std::uint8_t value = value_of(c);
    if (value == kOther && c != '=') return false;
    some = some || value < kBlank;
  }
  return some;
}

std::size_t after_marker_line(std::string_view text, std::string_view marker, std::size_t from,
                              std::size_t within) {
  const std::string_view head = text.substr(0, std::min(within + marker.size(), text.size()));
  for (std::size_t at = head.find(marker, from); at != std::string_view::npos;
       at = head.find(marker, at + 1)) {
    if (begins_line(text, at)) return at + marker.size();
  }
  return std::string_view::npos;
}

}  // namespace weir
