#include "core/url.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/escape.h"
#include "core/http_message.h"

namespace weir {
namespace {

constexpr std::size_t kLongestUrl = 64 * 1024;
constexpr std::size_t kLongestHost = 253;
constexpr std::size_t kLongestLabel = 63;

std::unexpected<Error> bad(std::string_view what, std::string_view text) {
  return fail(Errc::malformed, Fault::client,
              std::string(what) + " \"" + escape_for_log(text, 256) + '"');
}

// The URL standard's forbidden domain code points, less those that percent-decoding brings back.
bool fits_in_host(char c) {
  constexpr std::string_view kForbidden = " \"#%/:<>?@[\\]^`{|}";
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f && kForbidden.find(c) == std::string_view::npos;
}

// ---- IPv4 as inet_aton and browsers read it

bool is_number(std::string_view part) {
  if (part.starts_with("0x")) {
    return std::ranges::all_of(part.substr(2), [](char c) { return hex_digit(c) >= 0; });
  }
  return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
}

// Decimal, 0octal or 0xhex; "0x" alone is zero. Saturates above 32 bits.
std::optional<std::uint64_t> number_of(std::string_view part) {
  unsigned base = 10;
  if (part.starts_with("0x")) {
    base = 16;
    part.remove_prefix(2);
  } else if (part.size() > 1 && part.front() == '0') {
    base = 8;
  }
  std::uint64_t value = 0;
  for (const char c : part) {
    const int digit = hex_digit(c);
    if (digit < 0 || static_cast<unsigned>(digit) >= base) return std::nullopt;
    value = std::min<std::uint64_t>(value * base + static_cast<unsigned>(digit), 1ULL << 40);
  }
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// A host whose last label is a number is an IPv4 address or nothing at all.
bool ends_in_number(std::string_view host) { return is_number(host.substr(host.rfind('.') + 1)); }

std::optional<IpAddress> parse_v4(std::string_view host) {
  const auto parts = split(host, '.');
  if (parts.size() > 4) return std::nullopt;
  std::uint64_t address = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto value = parts[i].empty() ? std::nullopt : number_of(parts[i]);
    if (!value) return std::nullopt;
    const bool last = i + 1 == parts.size();
    const unsigned bits = last ? static_cast<unsigned>(8 * (5 - parts.size())) : 8U;
    if (*value >> bits != 0) return std::nullopt;
    address |= last ? *value : *value << (24 - 8 * i);
  }
  return IpAddress::v4(static_cast<std::uint32_t>(address));
}

struct Host {
  std::string text;
  std::optional<IpAddress> ip;
};

Host host_of(const IpAddress& ip) { return {ip.text(), ip}; }

Result<Host> parse_v6(std::string_view text) {
  const auto ip = text.find(':') == std::string_view::npos ? std::nullopt : IpAddress::parse(text);
  if (!ip) return bad("bad IPv6 address", text);
  return host_of(*ip);
}

bool labels_fit(std::string_view host) {
  std::size_t length = 0;
  for (const char c : host) {
    if (c == '.' && length == 0) return false;
    length = c == '.' ? 0 : length + 1;
    if (length > kLongestLabel) return false;
  }
  return length > 0;
}

Result<Host> parse_host(std::string_view text) {
  if (text.starts_with('[')) {
    if (!text.ends_with(']')) return bad("unclosed bracket in host", text);
    return parse_v6(text.substr(1, text.size() - 2));
  }
  if (text.find(':') != std::string_view::npos) return parse_v6(text);
  std::string host = to_lower(percent_decode(text));
  if (host.ends_with('.')) host.pop_back();
  if (host.empty()) return bad("empty host", text);
  const auto high = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  if (std::ranges::any_of(host, high)) return bad("non-ASCII host", text);
  if (!std::ranges::all_of(host, fits_in_host)) return bad("forbidden character in host", text);
  if (ends_in_number(host)) {
    const auto ip = parse_v4(host);
    if (!ip) return bad("bad IPv4 address", text);
    return host_of(*ip);
  }
  if (host.size() > kLongestHost || !labels_fit(host)) return bad("bad host name", text);
  return Host{std::move(host), std::nullopt};
}

// ---- path and query

bool is_dot(std::string_view segment) {
  return segment == "." || equals_ignore_case(segment, "%2e");
}

bool is_double_dot(std::string_view segment) {
  constexpr std::string_view kForms[] = {"..", ".%2e", "%2e.", "%2e%2e"};
  return std::ranges::any_of(kForms, [&](auto form) { return equals_ignore_case(segment, form); });
}

// One of the standard's percent-encode sets, as a table over bytes.
using EncodeSet = std::array<bool, 256>;

constexpr EncodeSet encode_set(std::string_view printable) {
  EncodeSet set{};
  for (std::size_t byte = 0; byte < set.size(); ++byte) set[byte] = byte <= 0x20 || byte >= 0x7f;
  for (const char c : printable) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr EncodeSet kPathSet = encode_set("\"<>`{}^");
constexpr EncodeSet kQuerySet = encode_set("\"<>'");

// Escapes what the set has; existing escapes stay.
void append_encoded(std::string& out, std::string_view text, const EncodeSet& set) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (set[byte]) {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
}

// Whether a path surely is canonical: no byte to encode, no segment that begins like a dot segment.
bool plain_path(std::string_view path) {
  if (!path.starts_with('/')) return false;
  char before = 0;
  for (const char c : path) {
    if (kPathSet[static_cast<unsigned char>(c)] || c == '\\') return false;
    if (before == '/' && (c == '.' || c == '%')) return false;
    before = c;
  }
  return true;
}

// Resolves dot segments and encodes; `path` starts with a slash or is empty.
std::string canonical_path(std::string_view path) {
  if (plain_path(path)) return std::string(path);
  std::string slashed(path);
  std::ranges::replace(slashed, '\\', '/');
  std::vector<std::string_view> kept;
  if (slashed.empty()) slashed = "/";
  const auto segments = split(std::string_view(slashed).substr(1), '/');
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool up = is_double_dot(segments[i]);
    if (up && !kept.empty()) kept.pop_back();
    if (!up && !is_dot(segments[i])) {
      kept.push_back(segments[i]);
    } else if (i + 1 == segments.size()) {
      kept.emplace_back();  // a path that ends in dots names a folder
    }
  }
  std::string out;
  for (const std::string_view segment : kept) {
    out += '/';
    append_encoded(out, segment, kPathSet);
  }
  return out.empty() ? "/" : out;
}

std::string canonical_path_and_query(std::string_view text) {
  text = text.substr(0, text.find('#'));
  const auto question = text.find('?');
  std::string out = canonical_path(text.substr(0, question));
  if (question == std::string_view::npos) return out;
  out += '?';
  append_encoded(out, text.substr(question + 1), kQuerySet);
  return out;
}

Result<void> check_bytes(std::string_view text) {
  if (text.size() > kLongestUrl) return fail(Errc::too_large, Fault::client, "URL too long");
  const auto broken = [](char c) { return c == '\t' || c == '\r' || c == '\n' || c == '\0'; };
  if (std::ranges::any_of(text, broken)) return bad("control character in URL", text);
  return {};
}

}  // namespace

std::uint16_t default_port_of(std::string_view scheme) {
  if (scheme == "http" || scheme == "ws") return 80;
  return scheme == "https" || scheme == "wss" ? 443 : 0;
}

bool Url::default_port() const { return port == default_port_of(scheme); }

std::string Url::authority() const {
  std::string out = is_ip && ip.v6 ? "[" + host + "]" : host;
  if (!default_port()) out += ":" + std::to_string(port);
  return out;
}

std::string Url::text() const {
  std::string out;
  out.reserve(scheme.size() + host.size() + path_and_query.size() + 16);
  out += scheme;
  out += "://";
  out += authority();
  out += path_and_query;
  return out;
}

std::string_view Url::path() const {
  return std::string_view(path_and_query).substr(0, path_and_query.find('?'));
}

std::string_view Url::query() const {
  const auto question = path_and_query.find('?');
  if (question == std::string::npos) return {};
  return std::string_view(path_and_query).substr(question + 1);
}

Result<std::string> canonical_host(std::string_view host) {
  auto parsed = parse_host(host);
  if (!parsed) return pass(std::move(parsed));
  return std::move(parsed->text);
}

Result<Url> url_from_parts(std::string_view scheme, std::string_view authority,
                           std::string_view path) {
  if (auto sound = check_bytes(authority); !sound) return pass(std::move(sound));
  if (auto sound = check_bytes(path); !sound) return pass(std::move(sound));
  Url url;
  url.scheme = to_lower(scheme);
  url.port = default_port_of(url.scheme);
  if (url.port == 0) return bad("unsupported scheme", scheme);
  if (authority.find('@') != std::string_view::npos) {
    return fail(Errc::malformed, Fault::client, "credentials in URL");  // not repeated: a secret
  }
  if (!path.empty() && std::string_view("/\\?#").find(path.front()) == std::string_view::npos) {
    return bad("path does not start with a slash", path);
  }
  const auto parts = split_host_port(authority);
  if (!parts) return bad("bad host and port", authority);
  if (parts->port) url.port = *parts->port;
  if (url.port == 0) return bad("port 0", authority);
  auto host = parse_host(parts->host);
  if (!host) return pass(std::move(host));
  url.host = std::move(host->text);
  url.is_ip = host->ip.has_value();
  if (host->ip) url.ip = *host->ip;
  url.path_and_query = canonical_path_and_query(path);
  return url;
}

Result<Url> parse_url(std::string_view text) {
  if (auto sound = check_bytes(text); !sound) return pass(std::move(sound));
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return bad("no scheme in URL", text);
  const std::string_view scheme = text.substr(0, colon);
  // Browsers take any number of slashes of either kind for "//".
  const auto start = text.find_first_not_of("/\\", colon + 1);
  if (start == std::string_view::npos || start == colon + 1) return bad("no host in URL", text);
  const auto end = text.find_first_of("/\\?#", start);
  if (end == std::string_view::npos) return url_from_parts(scheme, text.substr(start), "");
  return url_from_parts(scheme, text.substr(start, end - start), text.substr(end));
}

}  // namespace weir
