#include "core/net_addr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace weir {
namespace {

constexpr std::size_t kLongestAddress = 45;  // six groups and a dotted quad

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

IpAddress v4_of(const std::uint8_t* four) {
  IpAddress address;
  std::copy_n(four, 4, address.bytes.begin());
  return address;
}

std::uint32_t host_order(const IpAddress& v4) {
  return static_cast<std::uint32_t>(v4.bytes[0]) << 24 |
         static_cast<std::uint32_t>(v4.bytes[1]) << 16 |
         static_cast<std::uint32_t>(v4.bytes[2]) << 8 | v4.bytes[3];
}

struct ZeroRun {
  std::size_t start = 8;
  std::size_t length = 0;
};

// The longest run of at least two zero groups, the first of equals (RFC 5952 4.2).
ZeroRun longest_zero_run(const std::array<std::uint16_t, 8>& groups) {
  ZeroRun best;
  for (std::size_t i = 0; i < groups.size();) {
    std::size_t end = i;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - i >= 2 && end - i > best.length) best = {i, end - i};
    i = end + 1;
  }
  return best;
}

std::string v6_text(const std::array<std::uint8_t, 16>& bytes) {
  std::array<std::uint16_t, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) {
    groups[i] = static_cast<std::uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  }
  const ZeroRun run = longest_zero_run(groups);
  std::string out;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == run.start) {
      out += "::";
      i += run.length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    std::array<char, 4> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), groups[i], 16).ptr;
    out.append(digits.data(), end);
  }
  return out;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5) return std::nullopt;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

struct V4Range {
  std::uint32_t base;
  std::uint8_t bits;
  AddressClass address_class;
};

constexpr std::uint32_t quad(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// The first range that matches decides. Metadata services come before what holds them.
constexpr V4Range kV4Ranges[] = {
    {quad(169, 254, 169, 254), 32, AddressClass::metadata},
    {quad(169, 254, 170, 2), 32, AddressClass::metadata},    // AWS container credentials
    {quad(169, 254, 170, 23), 32, AddressClass::metadata},   // AWS pod identity
    {quad(100, 100, 100, 200), 32, AddressClass::metadata},  // Alibaba
    {quad(192, 0, 0, 192), 32, AddressClass::metadata},      // Oracle
    {quad(168, 63, 129, 16), 32, AddressClass::metadata},    // Azure wire server
    {quad(0, 0, 0, 0), 8, AddressClass::unspecified},
    {quad(127, 0, 0, 0), 8, AddressClass::loopback},
    {quad(169, 254, 0, 0), 16, AddressClass::link_local},
    {quad(10, 0, 0, 0), 8, AddressClass::private_use},
    {quad(172, 16, 0, 0), 12, AddressClass::private_use},
    {quad(192, 168, 0, 0), 16, AddressClass::private_use},
    {quad(100, 64, 0, 0), 10, AddressClass::private_use},  // carrier-grade NAT
    {quad(192, 0, 0, 0), 24, AddressClass::reserved},
    {quad(192, 0, 2, 0), 24, AddressClass::reserved},
    {quad(192, 88, 99, 0), 24, AddressClass::reserved},
    {quad(198, 18, 0, 0), 15, AddressClass::reserved},
    {quad(198, 51, 100, 0), 24, AddressClass::reserved},
    {quad(203, 0, 113, 0), 24, AddressClass::reserved},
    {quad(224, 0, 0, 0), 4, AddressClass::multicast},
    {quad(240, 0, 0, 0), 4, AddressClass::reserved},
};

AddressClass classify_v4(const IpAddress& address) {
  const std::uint32_t value = host_order(address);
  for (const V4Range& range : kV4Ranges) {
    const unsigned shift = 32U - range.bits;
    if (value >> shift == range.base >> shift) return range.address_class;
  }
  return AddressClass::global;
}

struct V6Range {
  std::array<std::uint8_t, 16> base;
  std::uint8_t bits;
  AddressClass address_class;
};

constexpr V6Range kV6Ranges[] = {
    {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},
     128,
     AddressClass::metadata},  // AWS
    {{0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},
     128,
     AddressClass::metadata},  // Google
    {{}, 128, AddressClass::unspecified},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, AddressClass::loopback},
    {{0xfe, 0x80}, 10, AddressClass::link_local},
    {{0xfe, 0xc0}, 10, AddressClass::private_use},
    {{0xfc}, 7, AddressClass::private_use},
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, AddressClass::private_use},  // local NAT64
    {{0xff}, 8, AddressClass::multicast},
    {{0x20, 0x01}, 23, AddressClass::reserved},              // Teredo and other protocols
    {{0x20, 0x01, 0x0d, 0xb8}, 32, AddressClass::reserved},  // documentation
    {{0x3f, 0xff}, 20, AddressClass::reserved},              // documentation
    {{0x20}, 3, AddressClass::global},
};

bool same_prefix(const std::uint8_t* a, const std::uint8_t* b, unsigned bits) {
  const unsigned whole = bits / 8;
  if (!std::equal(a, a + whole, b)) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || a[whole] >> (8 - rest) == b[whole] >> (8 - rest);
}

// Where a v6 address is only a wrapping for a v4 one (RFC 6052, 3056, 4291), or null.
const std::uint8_t* embedded_v4(const std::array<std::uint8_t, 16>& bytes) {
  constexpr std::array<std::uint8_t, 12> kNat64 = {0x00, 0x64, 0xff, 0x9b};
  if (same_prefix(bytes.data(), kNat64.data(), 96)) return &bytes[12];
  if (same_prefix(bytes.data(), kMappedPrefix.data(), 96)) return &bytes[12];
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return &bytes[2];
  return nullptr;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.empty() || text.size() > kLongestAddress) return std::nullopt;
  std::array<char, kLongestAddress + 1> terminated{};
  std::ranges::copy(text, terminated.begin());
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  IpAddress address;
  address.v6 = text.find(':') != std::string_view::npos;
  const int family = address.v6 ? AF_INET6 : AF_INET;
  if (::inet_pton(family, terminated.data(), address.bytes.data()) != 1) return std::nullopt;
  if (address.v6 && same_prefix(address.bytes.data(), kMappedPrefix.data(), 96)) {
    return v4_of(&address.bytes[12]);
  }
  return address;
}

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress address;
  for (std::size_t i = 0; i < 4; ++i) {
    address.bytes[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  }
  return address;
}

std::string IpAddress::text() const {
  if (v6) return v6_text(bytes);
  std::string out;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) out += '.';
    out += std::to_string(bytes[i]);
  }
  return out;
}

std::string Endpoint::text() const {
  const std::string host = address.text();
  return (address.v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  const auto parts = split_host_port(text);
  if (!parts || !parts->port) return std::nullopt;
  const auto address = IpAddress::parse(parts->host);
  if (!address) return std::nullopt;
  return Endpoint{*address, *parts->port};
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto address = IpAddress::parse(host);
  if (!address) return std::nullopt;
  const auto most = static_cast<unsigned>(address->size() * 8);
  if (slash == std::string_view::npos) return Cidr{*address, static_cast<std::uint8_t>(most)};
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  // A mapped address was unwrapped, so its length counts from the end of the prefix.
  const bool unwrapped = !address->v6 && host.find(':') != std::string_view::npos;
  if (unwrapped && bits < 96) return std::nullopt;
  if (unwrapped) bits -= 96;
  if (bits > most) return std::nullopt;
  return Cidr{*address, static_cast<std::uint8_t>(bits)};
}

bool Cidr::contains(const IpAddress& address) const {
  if (address.v6 != base.v6 || bits > base.size() * 8) return false;
  return same_prefix(address.bytes.data(), base.bytes.data(), bits);
}

std::string Cidr::text() const { return base.text() + "/" + std::to_string(bits); }

AddressClass classify(const IpAddress& address) {
  if (!address.v6) return classify_v4(address);
  if (const std::uint8_t* inner = embedded_v4(address.bytes)) return classify_v4(v4_of(inner));
  for (const V6Range& range : kV6Ranges) {
    if (same_prefix(address.bytes.data(), range.base.data(), range.bits)) {
      return range.address_class;
    }
  }
  return AddressClass::reserved;  // everything outside of 2000::/3
}

std::string_view address_class_name(AddressClass address_class) {
  switch (address_class) {
    case AddressClass::global: return "global";
    case AddressClass::unspecified: return "unspecified";
    case AddressClass::loopback: return "loopback";
    case AddressClass::link_local: return "link-local";
    case AddressClass::private_use: return "private";
    case AddressClass::metadata: return "metadata";
    case AddressClass::multicast: return "multicast";
    case AddressClass::reserved: return "reserved";
  }
  return "unknown";
}

std::optional<HostPort> split_host_port(std::string_view text) {
  std::string_view host = text;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (host.find(':') == std::string_view::npos || !IpAddress::parse(host)) return std::nullopt;
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    if (text.find(':', colon + 1) != std::string_view::npos) {
      if (!IpAddress::parse(text)) return std::nullopt;
    } else {
      host = text.substr(0, colon);
      rest = text.substr(colon);
    }
  }
  if (host.empty()) return std::nullopt;
  HostPort parts{std::string(host), std::nullopt};
  if (rest.empty() || rest == ":") return parts;
  if (!rest.starts_with(':')) return std::nullopt;
  parts.port = parse_port(rest.substr(1));
  if (!parts.port) return std::nullopt;
  return parts;
}

}  // namespace weir
