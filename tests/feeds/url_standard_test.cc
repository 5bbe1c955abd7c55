// The cases of the URL Standard: what a list may write, and the URL that a browser asks for when a
// person follows it, must have one key.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "feeds/listed_url.h"

namespace weir {
namespace {

nlohmann::json cases() {
  std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/tests/feeds/data/url_standard.json");
  return nlohmann::json::parse(file);
}

std::string key_of(const std::string& text) {
  const auto url = parse_listed_url(text);
  return url ? url_key(*url) : "refused";
}

TEST(UrlStandard, AListedUrlHasTheKeyOfWhatABrowserAsksFor) {
  // Symbols in host names: IDNA 2008 has none, browsers take them. Such a name is listed as xn--.
  const std::set<std::string> symbols = {"https://%e2%98%83", "https://\xe2\x98\x83"};
  std::size_t same = 0;
  for (const auto& one : cases()["urls"]) {
    const auto input = one[0].get<std::string>(), href = one[1].get<std::string>();
    if (symbols.contains(input)) {
      EXPECT_EQ(key_of(input), "refused");
      continue;
    }
    EXPECT_EQ(key_of(input), key_of(href)) << testing::PrintToString(input) << " " << href;
    same += key_of(input) == key_of(href) ? 1U : 0U;
  }
  EXPECT_GE(same, 140U);
}

// Lists are read leniently where that lists nothing else: what no browser asks for hits nothing.
TEST(UrlStandard, WhatABrowserRefusesIsRefusedOrHarmless) {
  const std::set<std::string> lenient = {
      // Several slashes or none after the scheme, an empty user: read as the host that is named.
      "http:/:@/www.example.com", "http://user@/www.example.com", "http:@/www.example.com",
      "http:/@/www.example.com", "http://@/www.example.com", "https:@/www.example.com",
      "http:a:b@/www.example.com", "http:/a:b@/www.example.com", "http://a:b@/www.example.com",
      "http::@/www.example.com",
      "http:",  // no scheme means http: a host of this name
      "http://2001::1",
      // Punycode that stands for nothing.
      "http://a.b.c.xn--pokxncvks", "http://10.0.0.xn--pokxncvks", "http://a.b.c.XN--pokxncvks",
      "http://a.b.c.Xn--pokxncvks", "http://10.0.0.XN--pokxncvks", "http://10.0.0.xN--pokxncvks",
      // Percent signs that come out of the mapping of wide letters.
      "http://\xef\xbc\x85\xef\xbc\x94\xef\xbc\x91.com", "http://%ef%bc%85%ef%bc%94%ef%bc%91.com"};
  std::size_t refused = 0;
  for (const auto& one : cases()["refused"]) {
    const auto input = one.get<std::string>();
    if (lenient.contains(input)) continue;
    EXPECT_EQ(key_of(input), "refused") << testing::PrintToString(input);
    ++refused;
  }
  EXPECT_GE(refused, 170U);
}

}  // namespace
}  // namespace weir
