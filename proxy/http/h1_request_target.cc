#include "proxy/http/h1_request_target.h"

#include <charconv>
#include <string>

#include "core/net_addr.h"
#include "proxy/http/field_rules.h"

namespace weir {
namespace {

constexpr std::string_view kDisagrees = "host-mismatch: Host is not the authority of the target";
constexpr std::string_view kBadHost = "host: not a host";
constexpr std::string_view kBadAuthority = "target: not an authority";

struct Authority {
  std::string_view host;  // without brackets
  int port = -1;          // -1: none is written
  bool bare_v6 = false;   // IPv6 without brackets
};

int read_port(std::string_view text) {
  int port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, port);
  const bool digits = !text.empty() && text.size() <= 5 && text.front() != '-';
  return digits && problem == std::errc{} && stop == end && port <= 65535 ? port : -1;
}

bool is_v6(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return text.find(':') != std::string_view::npos && address.has_value();
}

// "host", "host:port", "[v6]", "[v6]:port", and by the last colon "v6:port".
std::optional<Authority> split_authority(std::string_view text) {
  if (!is_authority(text)) return std::nullopt;
  Authority split;
  std::string_view rest;
  if (text.front() == '[') {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    split.host = text.substr(1, close - 1);
    if (!is_v6(split.host)) return std::nullopt;
    rest = text.substr(close + 1);
  } else {
    const auto colon = text.rfind(':');
    split.host = text.substr(0, colon);
    if (colon != std::string_view::npos) rest = text.substr(colon);
    split.bare_v6 = split.host.find(':') != std::string_view::npos;
    if (split.bare_v6 && !is_v6(split.host)) return std::nullopt;
    if (split.host.find_first_of("[]") != std::string_view::npos) return std::nullopt;
  }
  if (split.host.empty()) return std::nullopt;
  if (rest.empty()) return split;
  if (rest.front() != ':') return std::nullopt;
  split.port = read_port(rest.substr(1));
  if (split.port < 0 && rest.size() > 1) return std::nullopt;  // "host:" is allowed (RFC 3986)
  return split;
}

// The same host, and the same port where both say one or the default is known.
bool agree(std::string_view host_field, const Authority& target, int default_port) {
  const auto host = split_authority(host_field);
  if (!host || !equals_ignore_case(host->host, target.host)) return false;
  const int theirs = host->port < 0 ? default_port : host->port;
  const int ours = target.port < 0 ? default_port : target.port;
  return theirs == ours;
}

std::string_view read_connect(std::string_view target, std::optional<std::string_view> host,
                              RequestHead& head) {
  const auto split = split_authority(target);
  if (!split || split->port < 0) return "target: CONNECT needs host:port";
  // Some clients leave the port out of Host here.
  if (host && !equals_ignore_case(*host, target) && !agree(*host, *split, split->port)) {
    return kDisagrees;
  }
  head.authority = split->bare_v6 ? "[" + std::string(split->host) + "]" : std::string(split->host);
  if (target.front() == '[') head.authority = "[" + std::string(split->host) + "]";
  head.authority += ":" + std::to_string(split->port);
  return {};
}

std::string_view read_absolute(std::string_view target, std::optional<std::string_view> host,
                               RequestHead& head) {
  const auto colon = target.find("://");
  if (colon == std::string_view::npos) return "target: neither a path nor a URL";
  head.scheme = to_lower(target.substr(0, colon));
  if (head.scheme != "http" && head.scheme != "https") return "target: unknown scheme";
  std::string_view rest = target.substr(colon + 3);
  const auto slash = rest.find_first_of("/?");
  const std::string_view authority = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  const auto split = split_authority(authority);
  if (!split || split->bare_v6) return kBadAuthority;
  const int default_port = head.scheme == "http" ? 80 : 443;
  if (host && !equals_ignore_case(*host, authority) && !agree(*host, *split, default_port)) {
    return kDisagrees;
  }
  head.authority = authority;
  if (rest.empty() && head.method == "OPTIONS") {
    head.path = "*";  // RFC 9112 3.2.4
  } else {
    head.path = !rest.empty() && rest.front() == '/' ? "" : "/";
    head.path += rest;
  }
  return {};
}

}  // namespace

std::string_view read_target(std::string_view target, std::optional<std::string_view> host,
                             RequestHead& head) {
  if (!is_request_path(target)) return "target: a space, control byte or fragment";
  if (head.method == "CONNECT") return read_connect(target, host, head);
  const bool star = target == "*" && head.method == "OPTIONS";
  if (!star && target.front() != '/') return read_absolute(target, host, head);
  if (host) {
    const auto split = split_authority(*host);
    if (!split || split->bare_v6) return kBadHost;
    head.authority = *host;
  }
  head.path = target;
  return {};
}

}  // namespace weir
