#include "core/url.h"

#include <gtest/gtest.h>

#include <span>

namespace weir {
namespace {

using namespace std::string_view_literals;

struct Case {
  std::string_view input;
  std::string_view want;  // "" = refused
};

void check_urls(std::span<const Case> cases) {
  for (const auto& [input, want] : cases) {
    const auto url = parse_url(input);
    EXPECT_EQ(url ? url->text() : "", want) << input;
    if (!url) continue;
    const auto again = parse_url(url->text());
    ASSERT_TRUE(again) << url->text();
    EXPECT_EQ(*again, *url) << input;
  }
}

TEST(ParseUrl, SchemeAndPort) {
  constexpr Case kCases[] = {
      {"http://a.test", "http://a.test/"},
      {"HTTP://A.Test:80/", "http://a.test/"},
      {"https://a.test:443/", "https://a.test/"},
      {"https://a.test:80/", "https://a.test:80/"},
      {"ws://a.test:80/x", "ws://a.test/x"},
      {"wss://a.test:443/x", "wss://a.test/x"},
      {"http://a.test:/", "http://a.test/"},
      {"http://a.test:00080/", "http://a.test/"},
      {"  http://a.test/  ", "http://a.test/"},
      {"ftp://a.test/", ""},
      {"file:///etc/passwd", ""},
      {"javascript:alert(1)", ""},
      {"//a.test/", ""},
      {"/a", ""},
      {"", ""},
      {"http:", ""},
      {"http://", ""},
      {"http:///", ""},
      {"http://a.test:0/", ""},
      {"http://a.test:65536/", ""},
      {"http://a.test:8a/", ""},
      {"http://a.test:-1/", ""},
  };
  check_urls(kCases);
}

TEST(ParseUrl, Hosts) {
  constexpr Case kCases[] = {
      {"http://a.test./", "http://a.test/"},
      {"http://a%2etest/", "http://a.test/"},
      {"http://%41.test/", "http://a.test/"},
      {"http://xn--bcher-kva.test/", "http://xn--bcher-kva.test/"},
      {"http://a_b.test/", "http://a_b.test/"},
      {"http://b\xc3\xbc"
       "cher.test/",
       ""},
      {"http://b%C3%BCcher.test/", ""},
      {"http://a..test/", ""},
      {"http://.a.test/", ""},
      {"http://a.test../", ""},
      {"http://./", ""},
      {"http://a%00b/", ""},
      {"http://a%2fb/", ""},
      {"http://a%40b/", ""},
      {"http://a%3a80/", ""},
      {"http://a b/", ""},
      {"http://a<b/", ""},
      {"http://a%/", ""},
      {"http://user@a.test/", ""},
      {"http://user:pass@a.test/", ""},
      {"http://@a.test/", ""},
  };
  check_urls(kCases);
}

TEST(ParseUrl, EveryIpv4SpellingIsOneAddress) {
  constexpr Case kCases[] = {
      {"http://127.0.0.1/", "http://127.0.0.1/"},
      {"http://127.1/", "http://127.0.0.1/"},
      {"http://127.0.1/", "http://127.0.0.1/"},
      {"http://2130706433/", "http://127.0.0.1/"},
      {"http://0x7f000001/", "http://127.0.0.1/"},
      {"http://0X7F.1/", "http://127.0.0.1/"},
      {"http://0177.0.0.01/", "http://127.0.0.1/"},
      {"http://127.0.0.1./", "http://127.0.0.1/"},
      {"http://%31%32%37.0.0.1/", "http://127.0.0.1/"},
      {"http://0/", "http://0.0.0.0/"},
      {"http://0x/", "http://0.0.0.0/"},
      {"http://4294967295/", "http://255.255.255.255/"},
      {"http://1.65535/", "http://1.0.255.255/"},
      {"http://4294967296/", ""},
      {"http://0x100000000/", ""},
      {"http://99999999999999999999999999/", ""},
      {"http://256.0.0.1/", ""},
      {"http://1.2.3.256/", ""},
      {"http://1.2.3.4.5/", ""},
      {"http://08/", ""},
      {"http://a.1/", ""},  // ends in a number but is no address
      {"http://1..2/", ""},
      {"http://1.2.3.4.test/", "http://1.2.3.4.test/"},
      {"http://0xg/", "http://0xg/"},
  };
  check_urls(kCases);
}

TEST(ParseUrl, Ipv6) {
  constexpr Case kCases[] = {
      {"http://[::1]/", "http://[::1]/"},
      {"http://[0:0:0:0:0:0:0:1]:80/", "http://[::1]/"},
      {"http://[2001:DB8::A]:8080/", "http://[2001:db8::a]:8080/"},
      {"http://[::ffff:127.0.0.1]/", "http://127.0.0.1/"},
      {"http://[::ffff:7f00:1]/", "http://127.0.0.1/"},
      {"http://[::1/", ""},
      {"http://[::1]x/", ""},
      {"http://[]/", ""},
      {"http://[127.0.0.1]/", ""},
      {"http://[fe80::1%25eth0]/", ""},
      {"http://[::1].test/", ""},
  };
  check_urls(kCases);
}

TEST(ParseUrl, PathAndQuery) {
  constexpr Case kCases[] = {
      {"http://a/b/./c", "http://a/b/c"},
      {"http://a/b/../c", "http://a/c"},
      {"http://a/../../c", "http://a/c"},
      {"http://a/b/..", "http://a/"},
      {"http://a/b/.", "http://a/b/"},
      {"http://a/b/c/..", "http://a/b/"},
      {"http://a/b/%2e%2E/c", "http://a/c"},
      {"http://a/b/.%2e/c", "http://a/c"},
      {"http://a/%2e/c", "http://a/c"},
      {"http://a/...", "http://a/..."},
      {"http://a//b", "http://a//b"},
      {"http://a/b\\..\\c", "http://a/c"},
      {"http:\\\\a\\b", "http://a/b"},
      {"http:/a/b", "http://a/b"},
      {"http://a\\@b/", "http://a/@b/"},
      {"http://a?x=/../y", "http://a/?x=/../y"},
      {"http://a/b?x\\y", "http://a/b?x\\y"},
      {"http://a/b#frag", "http://a/b"},
      {"http://a#frag", "http://a/"},
      {"http://a/b?#", "http://a/b?"},
      {"http://a/b c", "http://a/b%20c"},
      {"http://a/\xc3\xa9?\xc3\xa9", "http://a/%C3%A9?%C3%A9"},
      {"http://a/%c3%A9%zz%", "http://a/%c3%A9%zz%"},
      {"http://a/\"<>`{}^|", "http://a/%22%3C%3E%60%7B%7D%5E|"},
      {"http://a/?\"<>'`{}^|", "http://a/?%22%3C%3E%27`{}^|"},
      {"http://a/\x01\x7f", "http://a/%01%7F"},
      {"http://a/b\tc", ""},
      {"http://a/b\nc", ""},
      {"http://a/b\rc", ""},
      {"http://a/b\0c"sv, ""},
      {"ht\ntp://a/", ""},
  };
  check_urls(kCases);
}

TEST(ParseUrl, RefusesWhatIsTooLong) {
  EXPECT_TRUE(parse_url("http://a/" + std::string(60000, 'a')));
  const auto url = parse_url("http://a/" + std::string(70000, 'a'));
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().code, Errc::too_large);
}

TEST(ParseUrl, NeverRepeatsCredentials) {
  const auto url = parse_url("http://user:secret@a.test/");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().what.find("secret"), std::string::npos);
}

TEST(UrlFromParts, PutsARequestTogether) {
  const auto url = url_from_parts("https", "A.test:8443", "/x/../y?q");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "a.test");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path_and_query, "/y?q");
  EXPECT_EQ(url->path(), "/y");
  EXPECT_EQ(url->query(), "q");
  EXPECT_EQ(url->authority(), "a.test:8443");
  EXPECT_FALSE(url->is_ip);
  EXPECT_FALSE(url->default_port());
}

TEST(UrlFromParts, KnowsAnAddress) {
  const auto url = url_from_parts("http", "[::1]:80", "");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->is_ip);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->authority(), "[::1]");
  EXPECT_EQ(url->ip, *IpAddress::parse("::1"));
}

TEST(UrlFromParts, RefusesWhatCannotBePutTogether) {
  EXPECT_FALSE(url_from_parts("", "a", "/"));
  EXPECT_FALSE(url_from_parts("gopher", "a", "/"));
  EXPECT_FALSE(url_from_parts("http", "", "/"));
  EXPECT_FALSE(url_from_parts("http", "a/b", "/"));
  EXPECT_FALSE(url_from_parts("http", "u@a", "/"));
  EXPECT_FALSE(url_from_parts("http", "a", "*"));
  EXPECT_FALSE(url_from_parts("http", "a", "b"));
  EXPECT_FALSE(url_from_parts("http", "a\n", "/"));
}

TEST(CanonicalHost, Limits) {
  const std::string label(63, 'a');
  const std::string longest = label + '.' + label + '.' + label + '.' + std::string(61, 'b');
  EXPECT_EQ(longest.size(), 253u);
  EXPECT_TRUE(canonical_host(longest));
  EXPECT_TRUE(canonical_host(longest + '.'));
  EXPECT_FALSE(canonical_host(longest + 'b'));
  EXPECT_FALSE(canonical_host(std::string(64, 'a')));
  EXPECT_FALSE(canonical_host(""));
  EXPECT_FALSE(canonical_host("a:80"));
}

TEST(CanonicalHost, TakesAddressesWithAndWithoutBrackets) {
  EXPECT_EQ(canonical_host("[::1]").value(), "::1");
  EXPECT_EQ(canonical_host("::1").value(), "::1");
  EXPECT_EQ(canonical_host("::ffff:1.2.3.4").value(), "1.2.3.4");
  EXPECT_EQ(canonical_host("0x1020304").value(), "1.2.3.4");
}

}  // namespace
}  // namespace weir
