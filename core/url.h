// URLs in the one form that policy, reputation and events compare: the canonical form of the WHATWG
// URL standard for http, https, ws and wss. Everything that a browser would treat as the same
// origin and path has the same text(); canonicalising a canonical URL changes nothing. Plain
// values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/net_addr.h"
#include "core/result.h"

namespace weir {

struct Url {
  std::string scheme;          // "http", "https", "ws", "wss"
  std::string host;            // lower case, no trailing dot; IP literals without brackets
  std::uint16_t port = 0;      // effective: the scheme's default when none is written
  std::string path_and_query;  // starts with "/"; dot segments resolved, no fragment
  bool is_ip = false;
  IpAddress ip;  // when is_ip

  bool default_port() const;
  std::string authority() const;   // host with brackets if IPv6, ":port" unless it is the default
  std::string text() const;        // scheme://authority/path?query
  std::string_view path() const;   // without query
  std::string_view query() const;  // without "?"
  bool operator==(const Url&) const = default;
};

// An absolute URL. Refused: other schemes, userinfo, tab, CR or LF anywhere, NUL, and hosts that
// canonical_host refuses. A fragment is dropped.
Result<Url> parse_url(std::string_view text);

// From the parts of a request; `authority` is host or host:port, `path` starts with "/".
Result<Url> url_from_parts(std::string_view scheme, std::string_view authority,
                           std::string_view path);

// A host name or IP literal (IPv6 with or without brackets) in the form of Url::host. Percent
// escapes are decoded; every IPv4 spelling (octal, hex, one number) becomes the dotted quad;
// v4-mapped IPv6 becomes IPv4; one trailing dot goes. Refused: non-ASCII names (they must come as
// xn--), empty labels, labels over 63 or names over 253 bytes, bytes that no host has.
Result<std::string> canonical_host(std::string_view host);

std::uint16_t default_port_of(std::string_view scheme);  // 0 = unknown scheme

}  // namespace weir
