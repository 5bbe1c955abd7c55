#include "proxy/range.h"

#include <charconv>

namespace weir {
namespace {

std::optional<std::uint64_t> parse_number(std::string_view digits) {
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, value);
  if (digits.empty() || error != std::errc{} || at != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<ByteRange> parse_range(std::string_view value) {
  constexpr std::string_view kUnit = "bytes=";
  if (value.size() < kUnit.size() || !equals_ignore_case(value.substr(0, kUnit.size()), kUnit)) {
    return std::nullopt;
  }
  const std::string_view spec = trim(value.substr(kUnit.size()));
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view first = spec.substr(0, dash);
  const std::string_view last = spec.substr(dash + 1);
  ByteRange range;
  if (!first.empty() && !(range.first = parse_number(first))) return std::nullopt;
  if (!last.empty() && !(range.last = parse_number(last))) return std::nullopt;
  if (!range.first && !range.last) return std::nullopt;
  if (range.first && range.last && *range.last < *range.first) return std::nullopt;
  return range;
}

Slice resolve(const ByteRange& range, std::uint64_t size) {
  if (!range.first) {  // suffix: the last n bytes
    const std::uint64_t wanted = *range.last < size ? *range.last : size;
    return {size - wanted, wanted, wanted > 0};
  }
  if (*range.first >= size) return {0, 0, false};
  const std::uint64_t end = range.last && *range.last < size ? *range.last + 1 : size;
  return {*range.first, end - *range.first, true};
}

bool if_range_holds(std::string_view if_range, const Fields& response) {
  if (if_range.empty()) return true;
  if (if_range.starts_with("W/")) return false;
  if (if_range.front() == '"') return response.get("etag") == if_range;
  return response.get("last-modified") == if_range;
}

std::string content_range(const Slice& slice, std::uint64_t size) {
  if (!slice.satisfiable) return "bytes */" + std::to_string(size);
  return "bytes " + std::to_string(slice.offset) + "-" +
         std::to_string(slice.offset + slice.length - 1) + "/" + std::to_string(size);
}

}  // namespace weir
