#include "proxy/doctor/cvd_header.h"

#include <array>
#include <charconv>

namespace weir {
namespace {

constexpr std::size_t kVersion = 2, kSignatures = 3, kSeconds = 8, kLeast = 8;

// The build time has no colon ("16 Sep 2021 08-32 -0400"), so fields are where they seem to be.
std::size_t split(std::string_view text, std::array<std::string_view, 9>& fields) {
  std::size_t count = 0;
  while (count < fields.size()) {
    const std::size_t end = text.find(':');
    fields[count++] = text.substr(0, end);
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
  }
  return count;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  const std::size_t end = text.find_last_not_of(' ');
  text = text.substr(0, end == text.npos ? 0 : end + 1);
  Number value = 0;
  const auto [at, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (bad != std::errc() || at != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<CvdHeader> parse_cvd_header(std::string_view head) {
  if (head.size() < kCvdHeaderBytes) return std::nullopt;
  head = head.substr(0, kCvdHeaderBytes);
  std::array<std::string_view, 9> fields;
  const std::size_t count = split(head, fields);
  if (count < kLeast || fields[0] != "ClamAV-VDB") return std::nullopt;
  const auto version = number<std::uint32_t>(fields[kVersion]);
  const auto signatures = number<std::uint64_t>(fields[kSignatures]);
  if (!version || !signatures) return std::nullopt;
  const auto built = count > kSeconds ? number<std::uint64_t>(fields[kSeconds]) : std::nullopt;
  return CvdHeader{*version, *signatures, built.value_or(0)};
}

}  // namespace weir
