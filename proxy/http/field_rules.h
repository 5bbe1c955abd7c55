// The rules for field names and values on the wire (RFC 9110 sections 5 and 6.5.1), shared by the
// HTTP/1 parser and encoder. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir {

// Per byte: its lower-case form if it may be in a token (RFC 9110 5.6.2), else 0.
inline constexpr std::array<char, 256> kTokenLower = [] {
  std::array<char, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")) {
    table[static_cast<unsigned char>(c)] = c;
  }
  for (char c = 'A'; c <= 'Z'; ++c) {
    table[static_cast<unsigned char>(c)] = static_cast<char>(c + ('a' - 'A'));
  }
  return table;
}();

inline bool is_token_char(char c) { return kTokenLower[static_cast<unsigned char>(c)] != 0; }
bool is_token(std::string_view text);  // at least one character

// No control byte other than HTAB, and no DEL.
bool is_field_value(std::string_view text);

// Nothing that would end or split a request line: no control byte, no space, no "#".
bool is_request_path(std::string_view text);

// Characters of a host with or without port; enough to keep it one word in any message.
bool is_authority(std::string_view text);

// Fields that belong to one connection or to the framing; decoders take them out and encoders write
// their own (RFC 9110 7.6.1). `name` is lower case.
enum class ControlField : std::uint8_t {
  none,
  connection,
  content_length,
  expect,
  host,
  hop_by_hop,  // carries nothing that we use: Keep-Alive, Proxy-Connection, Trailer, HTTP2-Settings
  te,
  transfer_encoding,
  upgrade,
};
ControlField control_field(std::string_view name);

// What a Connection field may not take away from the message: fields that are meant for all
// recipients, whatever a sender claims.
bool is_end_to_end(std::string_view name);

// Must not come after the body: framing, routing, authentication, what says how to read the
// content.
bool is_forbidden_trailer(std::string_view name);

// May be sent again when nothing is known of the first time (RFC 9110 9.2.2).
bool is_idempotent(std::string_view method);

// Up to 18 digits and nothing else.
bool parse_content_length(std::string_view text, std::uint64_t& length);

}  // namespace weir
