#include "feeds/names/lookalike.h"

#include <gtest/gtest.h>

#include "feeds/idn.h"
#include "feeds/names/label_shape.h"

namespace weir {
namespace {

Lookalikes some_brands() {
  std::vector<Diagnostic> out;
  Problems problems("brands.yaml", out);
  auto brands = parse_brands(R"(
brands:
  - {name: paypal, domains: [paypal.com, paypal.me]}
  - {name: microsoft, words: [office365], domains: [microsoft.com, amazonaws.com]}
  - {name: google, domains: [google.com], any_top: true}
  - {name: apple, domains: [apple.com], ordinary: true}
  - {name: dhl, domains: [dhl.com]}
  - {name: bankofamerica, domains: [bankofamerica.com]}
  - {name: rakuten, domains: [rakuten.co.jp]}
lures: [login, secure, account, verify, my, com, tracking]
innocent: [paypall.example]
)",
                             problems);
  EXPECT_TRUE(brands) << (out.empty() ? "" : out.front().text());
  return Lookalikes(brands.value_or(Brands()));
}

struct Case {
  std::string_view host;
  std::string_view brand;  // "" = nothing found
  LookalikeKind kind = LookalikeKind::typo;
  int least = 0, most = 100;
};

constexpr auto kHomoglyph = LookalikeKind::homoglyph;
constexpr auto kTypo = LookalikeKind::typo;
constexpr auto kCombo = LookalikeKind::combo;
constexpr auto kTld = LookalikeKind::tld;
constexpr auto kSubdomain = LookalikeKind::subdomain;

const Case kCases[] = {
    // The brands' own, and what somebody excused.
    {"paypal.com", ""},
    {"www.paypal.com", ""},
    {"login.paypal.com.paypal.me", ""},
    {"google.co.jp", ""},
    {"mail.google.de", ""},
    {"paypall.example", ""},
    {"www.paypall.example", ""},
    {"sts.amazonaws.com", ""},
    {"paypal-login.amazonaws.com", ""},
    // Nothing to do with any.
    {"example.com", ""},
    {"pineapple.com", ""},
    {"apple-orchard.example", ""},
    {"mydhlx.example", ""},
    {"dhk.example", ""},
    {"10.0.0.1", ""},
    {"2001:db8::1", ""},
    {"paypal", ""},
    {"com", ""},
    {"", ""},
    {"xn--", ""},
    {"xn--a.xn--zzzzzzzzzzzz.example", ""},
    // Letters that look the same.
    {"xn--pypal-4ve.com", "paypal", kHomoglyph, 95},    // Cyrillic a
    {"xn--80aa0cbo65f.com", "paypal", kHomoglyph, 95},  // all but one Cyrillic
    {"xn--ggle-55da.com", "google", kHomoglyph, 95},    // two Cyrillic o
    {"xn--googl-fsa.com", "google", kHomoglyph, 95},    // e with a mark
    {"xn--dl-wlc.com", "", kHomoglyph},
    {"xn--pypal-4ve.evil.example", "paypal", kHomoglyph, 90},
    {"paypa1.com", "paypal", kHomoglyph, 90},
    {"g00gle.com", "google", kHomoglyph, 90},
    {"paypai.com", "paypal", kHomoglyph, 85, 85},
    {"rnicrosoft.com", "microsoft", kHomoglyph, 85, 85},
    {"app1e.com", "apple", kHomoglyph, 90},
    {"dh1.com", "dhl", kHomoglyph, 90},
    {"dhi.com", ""},  // too little for three letters
    // Typing errors.
    {"payapl.com", "paypal", kTypo, 60, 70},
    {"paypal.com.example", "paypal", kSubdomain, 95},
    {"payppal.com", "paypal", kTypo},
    {"pypal.com", "paypal", kTypo},
    {"micrsoft.com", "microsoft", kTypo, 80},
    {"micrsoftt.com", "microsoft", kTypo, 60, 60},
    {"bankfoamerca.com", "bankofamerica", kTypo, 70, 70},
    {"xaypal.com", "paypal", kTypo, 50, 60},
    {"paxxal.com", ""},
    {"appel.com", ""},  // an ordinary word is not guessed at
    // The name beside others.
    {"paypal-login.s3.amazonaws.com", "paypal", kCombo, 85},
    {"paypal-login.example", "paypal", kCombo, 85},
    {"secure-paypa1.example", "paypal", kCombo, 85},
    {"paypal-fans.example", "paypal", kCombo, 50, 60},
    {"paypallogin.example", "paypal", kCombo, 80},
    {"mypaypal2024.example", "paypal", kCombo, 80},
    {"microsoftland.example", "microsoft", kCombo, 45, 45},
    {"apple-login.example", "apple", kCombo, 60, 70},
    {"dhl-tracking.example", "dhl", kCombo, 75},
    {"dhl-shoes.example", "dhl", kCombo, 30, 40},
    {"office365-login.example", "microsoft", kCombo, 85},
    {"paypall-login.example", "paypal", kTypo, 60, 75},
    {"xn--pypal-login-yij.example", "paypal", kCombo, 85},
    // Other top-level domains.
    {"paypal.example", "paypal", kTld, 50, 60},
    {"apple.example", "apple", kTld, 20, 40},
    {"dhl.example", ""},
    {"google.github.io", "google", kTld},
    // Under somebody else.
    {"www.paypal.com.evil.example", "paypal", kSubdomain, 95},
    {"rakuten.co.jp.evil.example", "rakuten", kSubdomain, 95},
    {"edge.amazonaws.com.evil.example", ""},
    {"dhl.com.evil.example", "dhl", kSubdomain, 95},
    {"paypal.evil.example", "paypal", kSubdomain, 40, 40},
    {"paypal-login.evil.example", "paypal", kCombo, 75},
    {"paypal-com.evil.example", "paypal", kCombo, 75},
    {"apple.evil.example", ""},
    {"dhl.evil.example", ""},
};

TEST(Lookalikes, FindsTheBest) {
  const Lookalikes all = some_brands();
  for (const Case& one : kCases) {
    const auto found = all.find(one.host);
    ASSERT_EQ(found ? found->brand : "", one.brand) << one.host << (found ? found->why : "");
    if (!found) continue;
    EXPECT_EQ(lookalike_kind_name(found->kind), lookalike_kind_name(one.kind))
        << one.host << ": " << found->why;
    EXPECT_GE(found->score, one.least) << one.host;
    EXPECT_LE(found->score, one.most) << one.host;
    EXPECT_NE(found->why.find('"'), std::string::npos) << one.host;
  }
}

TEST(Lookalikes, SaysWhy) {
  const auto found = some_brands().find("www.paypal-login.example");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->why, "\"paypal-login\" has the name beside a word that lures: paypal");
}

// Whatever the brand's letters are replaced by that looks like them, it is found.
TEST(Lookalikes, EveryLikenessOfALetterIsFound) {
  const Lookalikes all = some_brands();
  constexpr std::u32string_view kName = U"microsoft";
  for (const char32_t other : std::u32string_view(U"мıіісгоѕоӏｏοσçñþ")) {
    for (std::size_t at = 0; at < kName.size(); ++at) {
      std::string utf8;
      for (std::size_t i = 0; i < kName.size(); ++i) {
        const char32_t code = i == at ? other : kName[i];
        if (code < 0x80) {
          utf8 += static_cast<char>(code);
        } else if (code < 0x800) {
          utf8 += {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
        } else {
          utf8 += {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
                   static_cast<char>(0x80 | (code & 63))};
        }
      }
      const auto host = host_to_ascii(utf8 + ".com");
      ASSERT_TRUE(host) << utf8;
      if (*host == "microsoft.com") continue;  // IDNA itself makes the letter plain
      const auto found = all.find(*host);
      ASSERT_TRUE(found) << utf8 << ' ' << *host;
      EXPECT_EQ(found->brand, "microsoft") << utf8;
    }
  }
}

TEST(Skeleton, DoesNotChangeWithTheLettersThatResemble) {
  constexpr std::pair<std::string_view, std::string_view> kAlike[] = {
      {"0", "o"}, {"1", "l"}, {"i", "l"}, {"rn", "m"}, {"vv", "w"}, {"cl", "d"},
      {"5", "s"}, {"3", "e"}, {"4", "a"}, {"9", "g"},  {"7", "t"},  {"2", "z"}};
  constexpr std::string_view kText = "wdm0i1-arnvvclo5";
  for (const auto& [from, to] : kAlike) {
    for (std::size_t at = 0; at <= kText.size(); ++at) {
      std::string one(kText), other(kText);
      one.insert(at, from);
      other.insert(at, to);
      EXPECT_EQ(skeleton(one), skeleton(other)) << one << ' ' << other;
    }
  }
  EXPECT_EQ(skeleton(skeleton(kText)), skeleton(kText));
  EXPECT_NE(skeleton("paypal"), skeleton("paypa"));
}

struct Wrong {
  std::string_view yaml, want;
};
const Wrong kWrong[] = {
    {"brands:\n  - {name: a1, domains: [x.com], colour: red}",
     "brands.yaml:2:34: unknown key 'colour'"},
    {"brands:\n  - {domains: [x.com]}", "brands.yaml:2:5: a brand needs a 'name'"},
    {"brands:\n  - {name: Pay, domains: [x.com]}", "brands.yaml:2:12: 'Pay' is no word"},
    {"brands:\n  - {name: pay}", "brands.yaml:2:5: a brand needs one of its own 'domains'"},
    {"brands:\n  - {name: pay, domains: [co.uk]}", "brands.yaml:2:27: 'co.uk' is no domain"},
    {"brands:\n  - {name: pay, domains: [pay]}", "brands.yaml:2:27: 'pay' is no domain"},
    {"brands:\n  - {name: pay, domains: ['a b.com']}", "brands.yaml:2:27: "},
    {"brands: 3", "brands.yaml:1:9: 'brands' must be a list"},
    {"brand: []", "brands.yaml:1:1: unknown key 'brand' in the list"},
    {"lures: [log-in]", "brands.yaml:1:9: 'log-in' is no word"},
    {"innocent: [com]", "brands.yaml:1:12: 'com' is no domain"},
    {"[]", "brands.yaml:1:1: "},
};

TEST(Brands, MistakesHaveAPlace) {
  for (const Wrong& one : kWrong) {
    std::vector<Diagnostic> out;
    Problems problems("brands.yaml", out);
    EXPECT_FALSE(parse_brands(one.yaml, problems)) << one.yaml;
    ASSERT_FALSE(out.empty()) << one.yaml;
    EXPECT_TRUE(out.front().text().starts_with(one.want)) << out.front().text();
  }
}

TEST(Brands, TheShippedFileIsSoundAndLeavesItsOwnAlone) {
  std::vector<Diagnostic> out;
  auto brands = load_brands(WEIR_SOURCE_DIR "/conf/brands.yaml", out);
  ASSERT_TRUE(brands) << (out.empty() ? "" : out.front().text());
  EXPECT_GE(brands->brands.size(), 60U);
  const std::vector<Brand> list = brands->brands;
  const Lookalikes all(std::move(*brands));
  for (const Brand& brand : list) {
    for (const std::string& domain : brand.domains) {
      EXPECT_FALSE(all.find(domain)) << domain;
      EXPECT_FALSE(all.find("login." + domain)) << domain;
    }
    const auto found = all.find(brand.domains.front() + ".evil.example");
    ASSERT_TRUE(found) << brand.domains.front();
    EXPECT_EQ(found->kind, LookalikeKind::subdomain);
  }
  EXPECT_FALSE(load_brands("/nonexistent/brands.yaml", out));
}

}  // namespace
}  // namespace weir
