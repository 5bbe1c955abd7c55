#include "feeds/listed_url.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/escape.h"
#include "core/http_message.h"
#include "feeds/idn.h"

namespace weir {
namespace {

std::optional<unsigned char> escaped_byte(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size()) return std::nullopt;
  const int high = hex_digit(text[at + 1]);
  const int low = hex_digit(text[at + 2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<unsigned char>(high * 16 + low);
}

void append_escaped(std::pmr::string& out, unsigned char byte) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  out += '%';
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

// Decodes what means the same without an escape; `kept` stays escaped.
void append_decoded(std::pmr::string& out, std::string_view text, std::string_view kept) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto escaped = text[i] == '%' ? escaped_byte(text, i) : std::nullopt;
    const auto byte = escaped ? *escaped : static_cast<unsigned char>(text[i]);
    const bool printable = byte > 0x20 && byte < 0x7f;
    // A lone percent sign is escaped, so that what follows cannot become an escape.
    const bool stays =
        escaped ? kept.find(static_cast<char>(byte)) != std::string_view::npos : byte == '%';
    if (!printable || stays) {
      append_escaped(out, byte);
    } else {
      out += static_cast<char>(byte);
    }
    if (escaped) i += 2;
  }
}

// Runs of slashes to one and dot segments away, in place, from `start` (a slash) to the end.
void resolve_segments(std::pmr::string& text, std::size_t start) {
  std::size_t out = start;
  std::size_t at = start;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('/', at + 1), text.size());
    const std::string_view segment = std::string_view(text).substr(at + 1, end - at - 1);
    const bool up = segment == "..";
    if (up && out > start) out = std::max(text.rfind('/', out - 1), start);
    if (!up && segment != "." && !segment.empty()) {
      std::copy(&text[at], &text[at] + segment.size() + 1, &text[out]);
      out += segment.size() + 1;
    } else if (end == text.size()) {
      text[out++] = '/';
    }
    at = end;
  }
  text.resize(out);
}

bool plain(std::string_view path) {
  if (path.find_first_of("%\\") != std::string_view::npos) return false;
  return path.find("//") == std::string_view::npos && path.find("/.") == std::string_view::npos;
}

void append_path(std::pmr::string& out, std::string_view path) {
  if (plain(path)) {
    out += path;
    return;
  }
  const std::size_t start = out.size();
  append_decoded(out, path, "%?#");
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), '\\', '/');
  resolve_segments(out, start);
}

void append_authority(std::pmr::string& out, const Url& url) {
  const bool brackets = url.is_ip && url.ip.v6;
  if (brackets) out += '[';
  out += url.host;
  if (brackets) out += ']';
  if (url.default_port()) return;
  std::array<char, 8> digits{};
  std::size_t count = 0;
  for (unsigned port = url.port; port > 0; port /= 10) {
    digits[count++] = static_cast<char>('0' + port % 10);
  }
  out += ':';
  while (count > 0) out += digits[--count];
}

// "scheme://user:password@host…" without the credentials, and with a scheme.
std::string without_userinfo(std::string_view text) {
  const auto colon = text.find(':');
  const bool slashes =
      colon != std::string_view::npos && text.substr(colon + 1).find_first_of("/\\") == 0;
  const bool schemed =
      slashes && text.substr(0, colon).find_first_of("./\\?#@") == std::string_view::npos;
  std::string out(schemed ? text.substr(0, colon) : "http");
  out += "://";
  text.remove_prefix(schemed ? colon + 1 : 0);
  text.remove_prefix(std::min(text.find_first_not_of("/\\"), text.size()));
  const auto authority = text.substr(0, text.find_first_of("/\\?#"));
  const auto at = authority.rfind('@');
  out += at == std::string_view::npos ? text : text.substr(at + 1);
  return out;
}

// The host of a URL made ASCII, all else as it was.
Result<std::string> with_ascii_host(std::string_view text) {
  const auto start = text.find("://") + 3;
  const auto end = std::min(text.find_first_of("/\\?#", start), text.size());
  const std::string_view authority = text.substr(start, end - start);
  if (authority.starts_with('[')) return std::string(text);
  const auto colon = std::min(authority.rfind(':'), authority.size());
  auto host = host_to_ascii(percent_decode(authority.substr(0, colon)));
  if (!host) return host;
  // What decoding brought to light stays for parse_url to judge.
  const bool same = *host == percent_decode(authority.substr(0, colon));
  std::string out(text.substr(0, start));
  out += same ? authority.substr(0, colon) : std::string_view(*host);
  out += authority.substr(colon);
  out += text.substr(end);
  return out;
}

// What the URL Standard does before it parses: blanks and control characters at the ends go, and
// tabs and line ends wherever they are. Of the fragment nothing matters.
std::string as_browsers_read(std::string_view text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  std::string out;
  for (const char c : text) {
    if (c != '\t' && c != '\r' && c != '\n') out += c;
    if (c == '#') break;
  }
  return out;
}

// "host:00080/" as "host:80/".
std::string without_zeros_in_port(std::string url) {
  const auto scheme = url.find("://");
  const auto begin = scheme == std::string::npos ? 0 : scheme + 3;
  const auto end = std::min(url.find_first_of("/?\\", begin), url.size());
  const auto colon = url.rfind(':', end);
  if (colon == std::string::npos || colon < begin) return url;
  if (url.find(']', colon) < end) return url;  // inside of an IPv6 address
  const auto digit = url.find_first_not_of('0', colon + 1);
  if (digit == std::string::npos || digit >= end || digit == colon + 1) return url;
  return url.erase(colon + 1, digit - colon - 1);
}

}  // namespace

Result<Url> parse_listed_url(std::string_view text) {
  const std::string seen = as_browsers_read(text);
  auto ascii = with_ascii_host(without_userinfo(seen));
  if (!ascii) return pass(std::move(ascii));
  return parse_url(without_zeros_in_port(std::move(*ascii)));
}

Result<std::string> listed_host(std::string_view text) {
  const std::string decoded = percent_decode(text);
  auto ascii = host_to_ascii(decoded);
  if (!ascii) return ascii;
  return canonical_host(*ascii == decoded ? text : std::string_view(*ascii));
}

std::size_t write_url_key(const Url& url, std::pmr::string& out) {
  append_authority(out, url);
  const std::size_t path = out.size();
  append_path(out, url.path());
  if (const auto query = url.query(); !query.empty()) {
    out += '?';
    append_decoded(out, query, "%#&+=");
  }
  return path;
}

std::string url_key(const Url& url) {
  std::pmr::string out;
  write_url_key(url, out);
  return std::string(out);
}

}  // namespace weir
