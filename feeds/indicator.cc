#include "feeds/indicator.h"

#include <algorithm>
#include <array>

#include "core/escape.h"
#include "core/http_message.h"
#include "core/net_addr.h"
#include "feeds/index_format.h"
#include "feeds/listed_url.h"
#include "feeds/public_suffix.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, kIndicatorKinds> kKindNames = {
    "host", "domain", "url", "url_prefix", "ip",        "cidr",        "md5",
    "sha1", "sha256", "ja3", "ja4",        "cert_sha1", "cert_sha256", "url_pattern"};

constexpr std::array<std::string_view, kThreats> kThreatNames = {
    "unknown", "malware",     "phishing", "c2",         "botnet",           "spam",
    "exploit", "cryptominer", "scam",     "anonymizer", "newly_registered", "category",
    "deny",    "allow"};

constexpr unsigned kWidestV4 = 8;
constexpr unsigned kWidestV6 = 16;

template <class Enum, std::size_t n>
std::optional<Enum> named(const std::array<std::string_view, n>& names, std::string_view name) {
  const auto at = std::ranges::find(names, name);
  if (at == names.end()) return std::nullopt;
  return static_cast<Enum>(at - names.begin());
}

std::unexpected<Error> bad(IndicatorKind kind, std::string_view text, std::string_view why) {
  return fail(Errc::malformed, Fault::config,
              "bad " + std::string(indicator_kind_name(kind)) + " \"" + escape_for_log(text, 256) +
                  "\": " + std::string(why));
}

Indicator made(IndicatorKind kind, std::string value) { return {kind, std::move(value), {}}; }

Result<Indicator> canonical_name(IndicatorKind kind, std::string_view text,
                                 const CanonicalOptions& options) {
  std::string_view name = text;
  if (kind == IndicatorKind::domain && name.starts_with("*.")) name.remove_prefix(1);
  if (kind == IndicatorKind::domain && name.starts_with('.')) name.remove_prefix(1);
  auto host = listed_host(name);
  if (!host) return bad(kind, text, host.error().what);
  if (host->find('*') != std::string::npos) return bad(kind, text, "a wildcard inside of a name");
  if (IpAddress::parse(*host)) return made(IndicatorKind::ip, std::move(*host));
  if (kind == IndicatorKind::domain && !options.public_suffixes && is_public_suffix(*host)) {
    return bad(kind, text, "a public suffix holds everybody's names");
  }
  return made(kind, std::move(*host));
}

Result<Indicator> canonical_url(std::string_view text) {
  const auto url = parse_listed_url(text);
  if (!url) return bad(IndicatorKind::url, text, url.error().what);
  return made(IndicatorKind::url, url_key(*url));
}

Result<Indicator> canonical_prefix(std::string_view text, const CanonicalOptions& options) {
  constexpr auto kKind = IndicatorKind::url_prefix;
  const auto url = parse_listed_url(text);
  if (!url) return bad(kKind, text, url.error().what);
  if (!url->query().empty()) return bad(kKind, text, "a prefix has no query");
  if (!options.public_suffixes && !url->is_ip && is_public_suffix(url->host)) {
    return bad(kKind, text, "a public suffix holds everybody's names");
  }
  std::pmr::string key;
  const std::size_t path = write_url_key(*url, key);
  if (key.size() > path + 1 && key.ends_with('/')) key.pop_back();
  if (std::ranges::count(key, '/') > static_cast<std::ptrdiff_t>(index_format::kPrefixSegments)) {
    return bad(kKind, text, "too many segments");
  }
  return made(kKind, std::string(key));
}

Result<Indicator> canonical_range(IndicatorKind kind, std::string_view text,
                                  const CanonicalOptions& options) {
  if (kind == IndicatorKind::ip) {
    const auto host = canonical_host(text);
    if (!host || !IpAddress::parse(*host)) return bad(kind, text, "no IP address");
    return made(kind, *host);
  }
  auto range = Cidr::parse(text);
  if (!range) return bad(kind, text, "no address range");
  if (range->bits == range->base.size() * 8) {
    return made(IndicatorKind::ip, range->base.text());
  }
  if (!options.wide_ranges && range->bits < (range->base.v6 ? kWidestV6 : kWidestV4)) {
    return bad(kind, text, "too wide");
  }
  for (std::size_t bit = range->bits; bit < range->base.size() * 8; ++bit) {
    range->base.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
  }
  return made(kind, range->text());
}

std::size_t digest_size(IndicatorKind kind) {
  switch (kind) {
    case IndicatorKind::md5:
    case IndicatorKind::ja3: return 32;
    case IndicatorKind::sha1:
    case IndicatorKind::cert_sha1: return 40;
    default: return 64;
  }
}

Result<Indicator> canonical_digest(IndicatorKind kind, std::string_view text) {
  std::string digits;  // certificates are often written with colons
  std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != ':'; });
  const bool sound = std::ranges::all_of(digits, [](char c) { return hex_digit(c) >= 0; });
  if (!sound || digits.size() != digest_size(kind)) {
    return bad(kind, text, "want " + std::to_string(digest_size(kind)) + " hex digits");
  }
  return made(kind, to_lower(digits));
}

// a_b_c: ten characters, and twice twelve hex digits (the JA4 description, "ja4" without suffix).
Result<Indicator> canonical_ja4(std::string_view text) {
  std::string value = to_lower(text);
  bool sound = value.size() == 36 && value[10] == '_' && value[23] == '_';
  for (std::size_t i = 0; sound && i < value.size(); ++i) {
    const char c = value[i];
    if (i == 10 || i == 23) continue;
    sound = i < 10 ? (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') : hex_digit(c) >= 0;
  }
  if (!sound) return bad(IndicatorKind::ja4, text, "not of the shape of JA4");
  return made(IndicatorKind::ja4, std::move(value));
}

Result<Indicator> canonical_pattern(std::string_view text) {
  constexpr auto kKind = IndicatorKind::url_pattern;
  if (text.empty()) return bad(kKind, text, "matches everything");
  if (text.size() > index_format::kLongestPattern) return bad(kKind, text, "too long");
  return made(kKind, std::string(text));
}

}  // namespace

Result<Indicator> canonical_indicator(IndicatorKind kind, std::string_view text,
                                      const CanonicalOptions& options) {
  switch (kind) {
    case IndicatorKind::host:
    case IndicatorKind::domain: return canonical_name(kind, text, options);
    case IndicatorKind::url: return canonical_url(text);
    case IndicatorKind::url_prefix: return canonical_prefix(text, options);
    case IndicatorKind::ip:
    case IndicatorKind::cidr: return canonical_range(kind, text, options);
    case IndicatorKind::ja4: return canonical_ja4(text);
    case IndicatorKind::url_pattern: return canonical_pattern(text);
    default: return canonical_digest(kind, text);
  }
}

std::string_view indicator_kind_name(IndicatorKind kind) {
  const auto at = static_cast<std::size_t>(kind);
  return at < kKindNames.size() ? kKindNames[at] : "unknown";
}

std::optional<IndicatorKind> indicator_kind(std::string_view name) {
  return named<IndicatorKind>(kKindNames, name);
}

std::string_view threat_name(Threat threat) {
  const auto at = static_cast<std::size_t>(threat);
  return at < kThreatNames.size() ? kThreatNames[at] : "unknown";
}

std::optional<Threat> threat(std::string_view name) { return named<Threat>(kThreatNames, name); }

}  // namespace weir
