#include "proxy/http/field_rules.h"

#include <algorithm>
#include <charconv>

namespace weir {
namespace {

using Names = std::string_view;

constexpr std::array<Names, 6> kIdempotent = {"GET", "HEAD", "OPTIONS", "DELETE", "PUT", "TRACE"};

constexpr std::array<Names, 22> kEndToEnd = {
    "authorization",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "etag",
    "expires",
    "host",
    "if-match",
    "if-none-match",
    "if-range",
    "location",
    "proxy-authorization",
    "range",
    "set-cookie",
    "transfer-encoding",
    "vary",
    "via",
};

constexpr std::array<Names, 17> kNeverTrailers = {
    "authorization",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-range",
    "content-type",
    "cookie",
    "location",
    "max-forwards",
    "proxy-authenticate",
    "proxy-authorization",
    "range",
    "set-cookie",
    "vary",
    "via",
    "www-authenticate",
    "content-location",
};

template <std::size_t N>
bool one_of(const std::array<Names, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

constexpr auto kAuthorityChars = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("-._~:[]%")) table[static_cast<unsigned char>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool is_field_value(std::string_view text) {
  unsigned char bad = 0;  // without branches, so that it is done many bytes at a time
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    bad |= static_cast<unsigned char>(((byte < 0x20) & (byte != '\t')) | (byte == 0x7f));
  }
  return bad == 0;
}

bool is_request_path(std::string_view text) {
  unsigned char bad = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    bad |= static_cast<unsigned char>((byte <= 0x20) | (byte == 0x7f) | (byte == '#'));
  }
  return bad == 0;
}

bool is_authority(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return kAuthorityChars[static_cast<unsigned char>(c)];
  });
}

ControlField control_field(std::string_view name) {
  const auto either = [name](std::string_view wanted, ControlField field) {
    return name == wanted ? field : ControlField::none;
  };
  switch (name.size()) {
    case 2: return either("te", ControlField::te);
    case 4: return either("host", ControlField::host);
    case 6: return either("expect", ControlField::expect);
    case 7:
      if (name == "trailer") return ControlField::hop_by_hop;
      return either("upgrade", ControlField::upgrade);
    case 10:
      if (name == "keep-alive") return ControlField::hop_by_hop;
      return either("connection", ControlField::connection);
    case 14:
      if (name == "http2-settings") return ControlField::hop_by_hop;
      return either("content-length", ControlField::content_length);
    case 16: return either("proxy-connection", ControlField::hop_by_hop);
    case 17: return either("transfer-encoding", ControlField::transfer_encoding);
    default: return ControlField::none;
  }
}

bool is_end_to_end(std::string_view name) { return one_of(kEndToEnd, name); }

bool is_forbidden_trailer(std::string_view name) {
  return control_field(name) != ControlField::none || one_of(kNeverTrailers, name);
}

bool is_idempotent(std::string_view method) {
  return std::ranges::find(kIdempotent, method) != kIdempotent.end();
}

bool parse_content_length(std::string_view text, std::uint64_t& length) {
  if (text.empty() || text.size() > 18) return false;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, length);
  return problem == std::errc{} && stop == end;  // from_chars takes no sign for unsigned numbers
}

}  // namespace weir
