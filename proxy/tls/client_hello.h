// Reads a TLS ClientHello (RFC 8446 4.1.2) from the first bytes of a connection, whole, however it
// is split over segments or records. Sans-io. Hostile input: every length is checked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"

namespace weir {

struct ClientHello {
  std::string sni;  // lower case; "" = none
  std::vector<std::string> alpn;
  std::string ja4;                // JA4 TLS client fingerprint (BSD-3 part of the JA4 suite)
  std::string ja3;                // the older one, for lists
  bool ech = false;               // extension 0xfe0d
  std::uint16_t max_version = 0;  // 0x0304 = TLS 1.3
};

struct HelloParse {
  enum class State : std::uint8_t { need_more, complete, not_tls };
  State state = State::need_more;
  ClientHello hello;  // when complete
};

inline constexpr std::size_t kMaxClientHello = 64 * 1024;

// malformed: it began as TLS and broke the format, or is larger than kMaxClientHello.
Result<HelloParse> parse_client_hello(ByteView so_far);

// A word for what a tunnel's first bytes look like: "tls", "http", "ssh", "rdp", "smtp", "stun",
// "shell", "socks", "h2-preface", "empty", "unknown".
std::string_view identify_first_bytes(ByteView first);

}  // namespace weir
