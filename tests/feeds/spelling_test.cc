// No spelling of a listed URL gets through: the listed one and the requested one are spelled at
// random, each in its own ways, and every request must hit.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "feeds/index.h"
#include "feeds/index_builder.h"
#include "feeds/listed_url.h"
#include "tests/support/temp_folder.h"

namespace weir {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr int kSpellings = 400;

class Speller {
 public:
  explicit Speller(unsigned seed) : random_(seed) {}

  bool chance(unsigned of) { return random_() % of == 0; }
  std::size_t below(std::size_t n) { return random_() % n; }

  std::string case_of(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
      const bool lower = c >= 'a' && c <= 'z';
      const bool upper = c >= 'A' && c <= 'Z';
      if ((lower || upper) && chance(2)) c = static_cast<char>(c ^ 32);
    }
    return out;
  }
  std::string escape(char c) {
    std::string hex = "0123456789abcdef";
    if (chance(2)) hex = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    return {'%', hex[byte >> 4], hex[byte & 15]};
  }
  std::string escaped(std::string_view text, std::string_view never) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '%') {  // an escape stays whole, its digits in either case
        out += case_of(text.substr(i, 3));
        i += 2;
        continue;
      }
      const bool may = never.find(text[i]) == std::string_view::npos;
      out += may && chance(4) ? escape(text[i]) : std::string(1, text[i]);
    }
    return out;
  }
  std::string path(std::string_view text) {
    std::string out;
    for (const char c : escaped(text, "/")) {
      if (c != '/') {
        out += c;
        continue;
      }
      constexpr std::array<std::string_view, 10> kSlashes = {
          "/", "/", "/", "//", "/./", "/%2e/", "/x/../", "\\", "/y/%2E./", "/%2F"};
      out += out.empty() ? "/" : kSlashes[below(kSlashes.size())];
    }
    return out;
  }
  std::string address(std::uint32_t value) {
    const auto part = [&](std::uint64_t number) {
      std::array<char, 24> text{};
      constexpr std::array<const char*, 3> kForms = {"%llu", "0%llo", "0x%llx"};
      // NOLINTNEXTLINE: three literal formats
      std::snprintf(text.data(), text.size(), kForms[below(3)],
                    static_cast<unsigned long long>(number));
      return std::string(text.data());
    };
    const std::size_t parts = 1 + below(4);
    std::string out;
    for (std::size_t i = 0; i + 1 < parts; ++i) out += part(value >> (24 - 8 * i) & 0xff) + ".";
    return out + part(value & (0xffffffffULL >> (8 * (parts - 1))));
  }
  std::string host(std::string_view name) {
    if (name == "192.0.2.33") return chance(4) ? "[::ffff:192.0.2.33]" : address(0xc0000221);
    if (name == "[2001:db8::a]") return chance(2) ? "[2001:DB8:0:0::A]" : "[2001:0db8::000a]";
    return case_of(escaped(name, "")) + (chance(3) ? "." : "");
  }

 private:
  std::minstd_rand random_;
};

struct Target {
  std::string_view host, port, path, query;
};

constexpr Target kTargets[] = {
    {"evil.example", "", "/", ""},
    {"login.evil.example", "", "/a/b.exe", ""},
    {"login.evil.example", "8080", "/a/b.exe", "?id=7&x=a%26b"},
    {"xn--bcher-kva.example", "", "/%C3%BC/~user/(1)", ""},
    {"192.0.2.33", "", "/i", ""},
    {"[2001:db8::a]", "81", "/i/j", "?q"},
};

std::string spelled(Speller& speller, const Target& target, bool in_list) {
  const bool secure = speller.chance(3);
  std::string out = speller.case_of(secure ? "https" : "http") + ':';
  out += speller.chance(4) ? "\\/" : "//";
  if (in_list && speller.chance(3)) out += "user:p%40ss@";
  const bool idn = in_list && target.host.starts_with("xn--") && speller.chance(2);
  out += idn ? "B\xc3\x9c"
               "CHER.example"
             : speller.host(target.host);
  if (!target.port.empty()) {
    out += ':' + std::string(speller.chance(2) ? "0" : "") + std::string(target.port);
  } else if (speller.chance(3)) {
    out += speller.chance(3) ? ":" : secure ? ":443" : ":80";
  }
  out += speller.path(target.path);
  if (!target.query.empty()) out += '?' + speller.escaped(target.query.substr(1), "&=");
  if (target.query.empty() && speller.chance(4)) out += '?';
  if (speller.chance(3)) out += "#fragment/../?x";
  return out;
}

TEST(Spellings, EveryOneOfAListedUrlHits) {
  for (unsigned round = 0; round < 8; ++round) {
    Speller speller(round + 1);
    SystemRandom random;
    IndexBuilder builder(random, kNow);
    for (const Target& target : kTargets) {
      const std::string text = spelled(speller, target, true);
      const auto made = canonical_indicator(IndicatorKind::url, text);
      ASSERT_TRUE(made) << text;
      ASSERT_TRUE(builder.add(*made));
    }
    const TempFolder folder;
    const std::string path = folder / "spellings.idx";
    ASSERT_TRUE(builder.write(path));
    const auto index = Index::open(path);
    ASSERT_TRUE(index);
    for (const Target& target : kTargets) {
      for (int i = 0; i < kSpellings; ++i) {
        const std::string text = spelled(speller, target, false);
        const auto url = parse_url(text);
        ASSERT_TRUE(url) << text;
        ASSERT_EQ((*index)->find_url(*url, kNow).size(), 1U) << text << " as " << url_key(*url);
      }
    }
  }
}

TEST(Spellings, TheKeyIsItsOwnKey) {
  Speller speller(99);
  for (int i = 0; i < 3000; ++i) {
    std::string text = "http://a.test/";
    for (std::size_t length = speller.below(20); length > 0; --length) {
      text += "%%25.././/\\ab2fF5c?&=#;~\"'"[speller.below(25)];
    }
    const auto url = parse_url(text);
    ASSERT_TRUE(url) << text;
    const std::string key = url_key(*url);
    const auto again = parse_listed_url(key);
    ASSERT_TRUE(again) << key;
    ASSERT_EQ(url_key(*again), key) << text;
  }
}

TEST(Spellings, OtherUrlsKeepTheirOwnKeys) {
  constexpr std::string_view kOnes[] = {
      "http://a.test/x",     "http://a.test/X",       "http://a.test/x/",    "http://a.test/x?y",
      "http://a.test/x%3Fy", "http://a.test/x%23y",   "http://a.test:81/x",  "http://b.test/x",
      "http://a.test/x?a=b", "http://a.test/x?a%3Db", "http://a.test/%2578", "http://a.test/x?A=b"};
  std::vector<std::string> keys;
  for (const std::string_view one : kOnes) keys.push_back(url_key(*parse_url(one)));
  std::ranges::sort(keys);
  EXPECT_EQ(std::ranges::adjacent_find(keys), keys.end());
}

}  // namespace
}  // namespace weir
