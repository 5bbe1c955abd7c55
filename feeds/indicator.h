// What a feed says about one thing: plain values, and the one canonical spelling that lists and
// requests share. Nothing here does I/O; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"

namespace weir {

// The numbers are stored in index files: append, never renumber.
enum class IndicatorKind : std::uint8_t {
  host = 0,        // exactly this host name
  domain = 1,      // this name and all below it
  url = 2,         // host[:port]/path[?query]; without a query it hits with any query
  url_prefix = 3,  // host[:port]/path and all below it, at the ends of segments
  ip = 4,
  cidr = 5,
  md5 = 6,  // of a file, as sha1 and sha256
  sha1 = 7,
  sha256 = 8,
  ja3 = 9,
  ja4 = 10,
  cert_sha1 = 11,  // of a certificate's DER
  cert_sha256 = 12,
  url_pattern = 13,  // RE2, searched in Url::text(); for the few that need it
};
inline constexpr std::size_t kIndicatorKinds = 14;

// Numbers are stored, too.
enum class Threat : std::uint8_t {
  unknown = 0,
  malware = 1,  // serves or is malware
  phishing = 2,
  c2 = 3,
  botnet = 4,
  spam = 5,
  exploit = 6,
  cryptominer = 7,
  scam = 8,
  anonymizer = 9,
  newly_registered = 10,
  category = 11,  // says what a site is about, not that it is bad
  deny = 12,      // a local list
  allow = 13,     // an exception; who reads decides what it beats
};
inline constexpr std::size_t kThreats = 14;

// What one source says of one indicator. Times at the epoch mean "not known" or "never".
struct Attributes {
  std::string source;  // the feed's name
  Threat threat = Threat::unknown;
  std::string category;          // "" = none
  std::uint8_t confidence = 50;  // 0–100
  WallTime first_seen{}, last_seen{}, expiry{};
  std::string note;  // short: malware family, reference
  bool operator==(const Attributes&) const = default;
};

struct Indicator {
  IndicatorKind kind = IndicatorKind::host;
  std::string value;  // canonical, as canonical_indicator makes it
  Attributes about;
  bool operator==(const Indicator&) const = default;
};

struct CanonicalOptions {
  bool public_suffixes = false;  // take com, co.uk or github.io as a domain
  bool wide_ranges = false;      // take CIDRs wider than /8 (IPv6: /16)
};

// The indicator of this kind that a list means by `text`, without attributes. An IP address given
// as host or domain comes back as ip, a CIDR of one address too; "*." and "." before a domain go.
// A malformed or too wide one is refused (Fault::config).
Result<Indicator> canonical_indicator(IndicatorKind kind, std::string_view text,
                                      const CanonicalOptions& options = {});

std::string_view indicator_kind_name(IndicatorKind kind);  // "host", "url_prefix", "cert_sha1", …
std::optional<IndicatorKind> indicator_kind(std::string_view name);
std::string_view threat_name(Threat threat);  // "malware", "newly_registered", …
std::optional<Threat> threat(std::string_view name);

}  // namespace weir
