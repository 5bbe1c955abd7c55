// IP addresses, endpoints and CIDR ranges as plain values. IPv4 is kept as such; v4-mapped IPv6 is
// unwrapped on parse, so that a range given in either form matches.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // network order; IPv4 in the first four
  bool v6 = false;

  static std::optional<IpAddress> parse(std::string_view text);  // no brackets, no zone, no port
  static IpAddress v4(std::uint32_t host_order);
  std::string text() const;
  std::size_t size() const { return v6 ? 16 : 4; }
  auto operator<=>(const IpAddress&) const = default;
};

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  std::string text() const;  // "1.2.3.4:80", "[::1]:80"
  static std::optional<Endpoint> parse(std::string_view text);
  auto operator<=>(const Endpoint&) const = default;
};

struct Cidr {
  IpAddress base;
  std::uint8_t bits = 0;
  static std::optional<Cidr> parse(std::string_view text);  // "10.0.0.0/8", or a single address
  bool contains(const IpAddress& address) const;
  std::string text() const;
};

// Why a gateway must not dial an address unless told to (RFC 6890, RFC 4291, cloud metadata).
enum class AddressClass : std::uint8_t {
  global,
  unspecified,
  loopback,
  link_local,
  private_use,
  metadata,
  multicast,
  reserved,
};
AddressClass classify(const IpAddress& address);
std::string_view address_class_name(AddressClass address_class);

// "host", "host:port", "[v6]", "[v6]:port" and bare v6; host is returned as written, unbracketed.
struct HostPort {
  std::string host;
  std::optional<std::uint16_t> port;
};
std::optional<HostPort> split_host_port(std::string_view text);

}  // namespace weir
