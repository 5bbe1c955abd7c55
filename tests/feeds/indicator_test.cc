#include "feeds/indicator.h"

#include <gtest/gtest.h>

#include <span>

#include "feeds/public_suffix.h"

namespace weir {
namespace {

using enum IndicatorKind;

struct Case {
  IndicatorKind kind;
  std::string_view text;
  std::string_view want;  // "kind value"; "" = refused
};

void check(std::span<const Case> cases, const CanonicalOptions& options = {}) {
  for (const auto& [kind, text, want] : cases) {
    const auto made = canonical_indicator(kind, text, options);
    const std::string got =
        made ? std::string(indicator_kind_name(made->kind)) + ' ' + made->value : "";
    EXPECT_EQ(got, want) << text;
    if (!made) continue;
    const auto again = canonical_indicator(made->kind, made->value, options);
    ASSERT_TRUE(again) << made->value;
    EXPECT_EQ(again->value, made->value) << text;
  }
}

TEST(CanonicalIndicator, Names) {
  constexpr Case kCases[] = {
      {host, "Evil.Test.", "host evil.test"},
      {host, "github.io", "host github.io"},
      {host,
       "b\xc3\xbc"
       "cher.example",
       "host xn--bcher-kva.example"},
      {host,
       "B\xc3\x9c"
       "CHER.example",
       "host xn--bcher-kva.example"},
      {host,
       "stra\xc3\x9f"
       "e.example",
       "host xn--strae-oqa.example"},
      {host, "evil\xe3\x80\x82test", "host evil.test"},  // an ideographic full stop
      {host, "\xef\xbd\x85vil.test", "host evil.test"},  // a full-width e
      {host, "a b.test", ""},
      {host, "a..test", ""},
      {host, "", ""},
      {host, "a\n.test", ""},
      {host, "0x7f.1", "ip 127.0.0.1"},
      {host, "[2001:DB8::1]", "ip 2001:db8::1"},
      {domain, "evil.test", "domain evil.test"},
      {domain, ".evil.test", "domain evil.test"},
      {domain, "*.evil.test", "domain evil.test"},
      {domain, "*.*.evil.test", ""},
      {domain, "evil.co.uk", "domain evil.co.uk"},
      {domain, "evil.github.io", "domain evil.github.io"},
      {domain, "com", ""},
      {domain, "co.uk", ""},
      {domain, "github.io", ""},
      {domain, "*.com", ""},
      {domain, "192.0.2.1", "ip 192.0.2.1"},
  };
  check(kCases);
  constexpr Case kTold[] = {{domain, "com", "domain com"},
                            {domain, "GitHub.io", "domain github.io"}};
  check(kTold, {.public_suffixes = true});
}

TEST(CanonicalIndicator, Urls) {
  constexpr Case kCases[] = {
      {url, "http://A.test", "url a.test/"},
      {url, "https://a.test:443/x?y#z", "url a.test/x?y"},
      {url, "http://a.test:443/", "url a.test:443/"},
      {url, "a.test/x", "url a.test/x"},
      {url, "a.test:8080/x", "url a.test:8080/x"},
      {url, "http://user:pw@a.test/x", "url a.test/x"},
      {url, "http://a@b@c.test/@x", "url c.test/@x"},
      {url, "http:/a.test/x", "url a.test/x"},
      {url, "http:\\\\a.test\\x", "url a.test/x"},
      {url, "//a.test/x", "url a.test/x"},
      {url,
       "http://b\xc3\xbc"
       "cher.example:81/\xc3\xbc",
       "url xn--bcher-kva.example:81/%C3%BC"},
      {url, "http://b%C3%BCcher.example/", "url xn--bcher-kva.example/"},
      {url, "http://a.test/%2541", "url a.test/%2541"},
      {url, "http://a.test/%%34%31", "url a.test/%2541"},
      {url, "http://a.test/a%", "url a.test/a%25"},
      {url, "http://a.test/?", "url a.test/"},
      {url, "http://a.test/%3fx", "url a.test/%3Fx"},
      {url, "http://a.test/?a=%26%3d%41", "url a.test/?a=%26%3DA"},
      {url, "http://a.test/?a//b/../c", "url a.test/?a//b/../c"},
      {url, "http://a.test/a/..%2f..%5c/b", "url a.test/b"},
      {url, "ftp://a.test/", ""},
      {url, "javascript:alert(1)", ""},
      {url, "http://a.te\tst/", "url a.test/"},
      {url, "http://a.test/\n", "url a.test/"},
      {url, "", ""},
      {url, "http://@/", ""},
      {url_prefix, "http://a.test/x/", "url_prefix a.test/x"},
      {url_prefix, "http://a.test", "url_prefix a.test/"},
      {url_prefix, "http://a.test/x?y", ""},
      {url_prefix, "http://co.uk/x", ""},
      {url_prefix, "http://a.test/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g",
       "url_prefix a.test/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g"},
      {url_prefix, "http://a.test/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h", ""},
  };
  check(kCases);
}

TEST(CanonicalIndicator, Addresses) {
  constexpr Case kCases[] = {
      {ip, "192.0.2.1", "ip 192.0.2.1"},
      {ip, "::ffff:192.0.2.1", "ip 192.0.2.1"},
      {ip, "2001:DB8:0::1", "ip 2001:db8::1"},
      {ip, "evil.test", ""},
      {ip, "192.0.2.0/24", ""},
      {cidr, "192.0.2.77/24", "cidr 192.0.2.0/24"},
      {cidr, "192.0.2.1/32", "ip 192.0.2.1"},
      {cidr, "192.0.2.1", "ip 192.0.2.1"},
      {cidr, "2001:db8:ffff::/33", "cidr 2001:db8:8000::/33"},
      {cidr, "10.0.0.0/8", "cidr 10.0.0.0/8"},
      {cidr, "10.0.0.0/7", ""},
      {cidr, "0.0.0.0/0", ""},
      {cidr, "2000::/3", ""},
      {cidr, "x/8", ""},
      {cidr, "10.0.0.0/33", ""},
  };
  check(kCases);
  constexpr Case kTold[] = {{cidr, "0.0.0.0/0", "cidr 0.0.0.0/0"},
                            {cidr, "2000::/3", "cidr 2000::/3"}};
  check(kTold, {.wide_ranges = true});
}

TEST(CanonicalIndicator, Digests) {
  constexpr Case kCases[] = {
      {md5, "D41D8CD98F00B204E9800998ECF8427E", "md5 d41d8cd98f00b204e9800998ecf8427e"},
      {ja3, "d41d8cd98f00b204e9800998ecf8427e", "ja3 d41d8cd98f00b204e9800998ecf8427e"},
      {sha1, "d41d8cd98f00b204e9800998ecf8427e", ""},
      {cert_sha1, "DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09",
       "cert_sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709"},
      {sha256, "g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", ""},
      {ja4, "t13d1516h2_8daaf6152771_b186095e22b6", "ja4 t13d1516h2_8daaf6152771_b186095e22b6"},
      {ja4, "t13d1516h2_8daaf6152771_b186095e22bx", ""},
      {ja4, "t13d1516h2-8daaf6152771_b186095e22b6", ""},
      {url_pattern, "", ""},
  };
  check(kCases);
}

TEST(Indicator, NamesGoBothWays) {
  for (std::size_t i = 0; i < kIndicatorKinds; ++i) {
    const auto kind = static_cast<IndicatorKind>(i);
    EXPECT_EQ(indicator_kind(indicator_kind_name(kind)), kind);
  }
  for (std::size_t i = 0; i < kThreats; ++i) {
    EXPECT_EQ(threat(threat_name(static_cast<Threat>(i))), static_cast<Threat>(i));
  }
  EXPECT_FALSE(indicator_kind("nonsense"));
  EXPECT_FALSE(threat(""));
}

TEST(PublicSuffix, RegistrableDomains) {
  EXPECT_EQ(registrable_domain("a.b.co.uk"), "b.co.uk");
  EXPECT_EQ(registrable_domain("x.y.github.io"), "y.github.io");
  EXPECT_EQ(registrable_domain("co.uk"), "");
  EXPECT_EQ(registrable_domain("b.example"), "b.example");
}

}  // namespace
}  // namespace weir
