#include "feeds/names/punycode.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace weir {
namespace {

// RFC 3492 section 5.
constexpr std::uint32_t kBase = 36, kTmin = 1, kTmax = 26, kSkew = 38, kDamp = 700;
constexpr std::uint32_t kFirstBias = 72, kFirstCode = 0x80;
constexpr std::uint32_t kLastCode = 0x10ffff;
constexpr std::uint32_t kLargest = 0x0fffffff;  // a delta beyond it cannot name a code point
constexpr std::size_t kLongest = 63;

std::optional<std::uint32_t> digit(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a');
  if (c >= 'A' && c <= 'Z') return static_cast<std::uint32_t>(c - 'A');
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0' + 26);
  return std::nullopt;
}

// Section 6.1.
std::uint32_t adapt(std::uint32_t delta, std::uint32_t points, bool first) {
  delta /= first ? kDamp : 2;
  delta += delta / points;
  std::uint32_t k = 0;
  for (; delta > (kBase - kTmin) * kTmax / 2; k += kBase) delta /= kBase - kTmin;
  return k + (kBase - kTmin + 1) * delta / (delta + kSkew);
}

// One variable-length integer, taken from the front of `rest`.
std::optional<std::uint32_t> take_delta(std::string_view& rest, std::uint32_t bias) {
  std::uint64_t delta = 0, weight = 1;
  for (std::uint32_t k = kBase;; k += kBase) {
    if (rest.empty()) return std::nullopt;
    const auto value = digit(rest.front());
    rest.remove_prefix(1);
    if (!value) return std::nullopt;
    delta += *value * weight;
    if (delta > kLargest) return std::nullopt;
    const std::uint32_t threshold = k <= bias ? kTmin : std::min(k - bias, kTmax);
    if (*value < threshold) return static_cast<std::uint32_t>(delta);
    weight *= kBase - threshold;
    if (weight > kLargest) return std::nullopt;
  }
}

}  // namespace

bool decode_punycode(std::string_view encoded, std::u32string& out) {
  out.clear();
  if (encoded.size() > kLongest) return false;
  const std::size_t dash = encoded.rfind('-');
  if (dash != std::string_view::npos) {
    for (const char c : encoded.substr(0, dash)) {
      if (static_cast<unsigned char>(c) >= 0x80) return false;
      out.push_back(static_cast<char32_t>(c));
    }
    encoded.remove_prefix(dash + 1);
  }
  std::uint32_t code = kFirstCode, at = 0, bias = kFirstBias;
  bool first = true;
  while (!encoded.empty()) {
    const auto delta = take_delta(encoded, bias);
    if (!delta || out.size() == kLongest) return false;
    const auto points = static_cast<std::uint32_t>(out.size()) + 1;
    bias = adapt(*delta, points, first);
    first = false;
    code += (at + *delta) / points;
    at = (at + *delta) % points;
    if (code > kLastCode || (code >= 0xd800 && code < 0xe000)) return false;
    out.insert(out.begin() + at, static_cast<char32_t>(code));
    ++at;
  }
  return true;
}

}  // namespace weir
