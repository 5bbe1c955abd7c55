#include "feeds/names/punycode.h"

#include <gtest/gtest.h>

#include <random>

#include "feeds/idn.h"

namespace weir {
namespace {

std::string utf8_of(std::u32string_view text) {
  std::string out;
  for (const char32_t code : text) {
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
    } else {
      out += {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
              static_cast<char>(0x80 | (code & 63))};
    }
  }
  return out;
}

struct Case {
  std::string_view encoded;
  std::u32string_view want;
};
const Case kCases[] = {
    {"", U""},
    {"abc-", U"abc"},
    {"mnchen-3ya", U"münchen"},
    {"bcher-kva", U"bücher"},
    {"pypal-4ve", U"pаypal"},
    // RFC 3492 section 7.1 (B) Chinese, (L) Japanese with ASCII.
    {"ihqwcrb4cv8a8dqg056pqjye", U"他们为什么不说中文"},
    {"3B-ww4c5e180e575a65lsy2b", U"3年B組金八先生"},
};

TEST(Punycode, Decodes) {
  for (const Case& one : kCases) {
    std::u32string out;
    EXPECT_TRUE(decode_punycode(one.encoded, out)) << one.encoded;
    EXPECT_EQ(out, one.want) << one.encoded;
  }
}

TEST(Punycode, Refuses) {
  for (const std::string& bad :
       {std::string("!"), std::string("abc-\xff"), std::string("\xc3\xa4-abc"), std::string("99"),
        std::string("zzzzzzzzzzzz"), std::string(64, 'a'), std::string("a-99999999")}) {
    std::u32string out;
    EXPECT_FALSE(decode_punycode(bad, out)) << bad;
  }
}

// What libidn2 encodes comes back.
TEST(Punycode, AgreesWithTheLibrary) {
  std::mt19937 random(5);
  constexpr std::u32string_view kLetters = U"abcxyz019äöüßéñаеорсжя中文字日本あいう한국αβγ";
  int compared = 0;
  for (int i = 0; i < 2'000; ++i) {
    std::u32string label;
    for (std::size_t n = 1 + random() % 12; n > 0; --n) {
      label += kLetters[random() % kLetters.size()];
    }
    const auto ascii = host_to_ascii(utf8_of(label));
    if (!ascii || !ascii->starts_with("xn--")) continue;
    std::u32string out;
    ASSERT_TRUE(decode_punycode(std::string_view(*ascii).substr(4), out)) << *ascii;
    EXPECT_EQ(out, label) << *ascii;
    ++compared;
  }
  EXPECT_GT(compared, 1'500);
}

}  // namespace
}  // namespace weir
