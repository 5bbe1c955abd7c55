#include "core/net_addr.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

struct AddressCase {
  std::string_view input;
  std::string_view want;  // "" = refused
};

TEST(IpAddress, ParsesToItsCanonicalText) {
  constexpr AddressCase kCases[] = {
      {"1.2.3.4", "1.2.3.4"},
      {"255.255.255.255", "255.255.255.255"},
      {"::1", "::1"},
      {"::", "::"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"1:0:2:0:0:0:3:0", "1:0:2::3:0"},
      {"1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"},  // one zero group is no run
      {"fe80::", "fe80::"},
      {"::ffff:1.2.3.4", "1.2.3.4"},
      {"::ffff:102:304", "1.2.3.4"},
      {"::1.2.3.4", "::102:304"},
      {"01.2.3.4", ""},
      {"1.2.3", ""},
      {"1.2.3.256", ""},
      {"[::1]", ""},
      {"fe80::1%eth0", ""},
      {"", ""},
      {"1.2.3.4 ", ""},
      {std::string_view("1.2.3.4\0", 8), ""},
      {"1111:2222:3333:4444:5555:6666:7777:8888:9999:0000", ""},
  };
  for (const auto& [input, want] : kCases) {
    const auto address = IpAddress::parse(input);
    EXPECT_EQ(address ? address->text() : "", want) << input;
    if (address) EXPECT_EQ(IpAddress::parse(address->text()), address) << input;
  }
}

TEST(IpAddress, V4TakesHostOrder) { EXPECT_EQ(IpAddress::v4(0x01020304).text(), "1.2.3.4"); }

TEST(Endpoint, RoundTrips) {
  for (const std::string_view text : {"1.2.3.4:80", "[::1]:443", "[2001:db8::2]:65535"}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(endpoint->text(), text);
  }
  for (const std::string_view text : {"1.2.3.4", "::1:80", "host:80", "[::1]", "1.2.3.4:65536"}) {
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
}

struct CidrCase {
  std::string_view range;
  std::string_view address;
  bool want;
};

TEST(Cidr, Contains) {
  constexpr CidrCase kCases[] = {
      {"10.0.0.0/8", "10.255.1.2", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"0.0.0.0/0", "8.8.8.8", true},
      {"0.0.0.0/0", "::1", false},
      {"192.168.4.0/23", "192.168.5.9", true},
      {"192.168.4.0/23", "192.168.6.0", false},
      {"1.2.3.4", "1.2.3.4", true},
      {"1.2.3.4", "1.2.3.5", false},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"::ffff:10.0.0.0/104", "10.1.2.3", true},
      {"::ffff:10.0.0.0/104", "11.1.2.3", false},
  };
  for (const auto& [range, address, want] : kCases) {
    const auto cidr = Cidr::parse(range);
    ASSERT_TRUE(cidr) << range;
    EXPECT_EQ(cidr->contains(*IpAddress::parse(address)), want) << range << ' ' << address;
  }
}

TEST(Cidr, RefusesWhatIsNoRange) {
  for (const std::string_view text : {"", "/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "::/129",
                                      "10.0.0.0/-1", "::ffff:10.0.0.0/8", "10.0.0.0/99999999999"}) {
    EXPECT_FALSE(Cidr::parse(text)) << text;
  }
}

struct ClassCase {
  std::string_view address;
  AddressClass want;
};

TEST(Classify, KnowsWhatMustNotBeDialled) {
  using enum AddressClass;
  constexpr ClassCase kCases[] = {
      {"8.8.8.8", global},
      {"2606:4700::1111", global},
      {"0.0.0.0", unspecified},
      {"0.1.2.3", unspecified},
      {"::", unspecified},
      {"127.8.8.8", loopback},
      {"::1", loopback},
      {"169.254.1.1", link_local},
      {"fe80::1", link_local},
      {"169.254.169.254", metadata},
      {"fd00:ec2::254", metadata},
      {"100.100.100.200", metadata},
      {"10.1.1.1", private_use},
      {"172.31.0.1", private_use},
      {"172.32.0.1", global},
      {"100.64.0.1", private_use},
      {"fd12::1", private_use},
      {"fec0::1", private_use},
      {"224.0.0.1", multicast},
      {"ff02::1", multicast},
      {"255.255.255.255", reserved},
      {"198.18.0.1", reserved},
      {"203.0.113.9", reserved},
      {"2001:db8::1", reserved},
      {"2001::1", reserved},
      {"4000::1", reserved},
      {"::1.2.3.4", reserved},
      // wrapped IPv4 is what it wraps
      {"64:ff9b::7f00:1", loopback},
      {"64:ff9b::808:808", global},
      {"2002:7f00:1::", loopback},
      {"2002:a9fe:a9fe::", metadata},
      {"::ffff:10.0.0.1", private_use},
  };
  for (const auto& [address, want] : kCases) {
    const auto parsed = IpAddress::parse(address);
    ASSERT_TRUE(parsed) << address;
    EXPECT_EQ(address_class_name(classify(*parsed)), address_class_name(want)) << address;
  }
}

TEST(Classify, SeesThroughAMappedAddressThatWasNotUnwrapped) {
  IpAddress mapped;
  mapped.v6 = true;
  mapped.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};
  EXPECT_EQ(classify(mapped), AddressClass::loopback);
}

struct SplitCase {
  std::string_view input;
  std::string_view host;  // "" = refused
  int port = -1;
};

TEST(SplitHostPort, TakesEveryForm) {
  constexpr SplitCase kCases[] = {
      {"a.test", "a.test"},
      {"a.test:80", "a.test", 80},
      {"[::1]", "::1"},
      {"[::1]:8080", "::1", 8080},
      {"::1", "::1"},
      {"a.test:", "a.test"},
      {"a:0", "a", 0},
      {"a:65535", "a", 65535},
      {"", ""},
      {":80", ""},
      {"a:65536", ""},
      {"a:8x", ""},
      {"a:b:c", ""},
      {"[::1", ""},
      {"[::1]x", ""},
      {"[a]:1", ""},
      {"[1.2.3.4]", ""},
      {"a:+1", ""},
      {"a:-1", ""},
      {"[fe80::1%25eth0]:80", ""},
      {"a:000080", ""},
  };
  for (const auto& [input, host, port] : kCases) {
    const auto parts = split_host_port(input);
    EXPECT_EQ(parts ? parts->host : "", host) << input;
    if (parts) EXPECT_EQ(parts->port ? *parts->port : -1, port) << input;
  }
}

}  // namespace
}  // namespace weir
