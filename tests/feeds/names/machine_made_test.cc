#include "feeds/names/machine_made.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "feeds/names/bigram_table.h"

namespace weir {
namespace {

constexpr std::string_view kPeople[] = {
    // Popular, with odd letters.
    "google.com", "youtube.com", "netflix.com", "dropbox.com", "buzzfeed.com", "wikihow.com",
    "vkontakte.ru", "4shared.com", "20minutos.es", "cbsnews.com", "xfinity.com", "1password.com",
    // Short.
    "nhk.or.jp", "qz.com", "bfmtv.com", "fc2.com", "t.co", "123rf.com", "zx2c4.com", "g2a.com",
    // Numbers.
    "4399.com", "110666666.com", "12306.cn", "163.com", "315che.com",
    // Romaji.
    "rakuten.co.jp", "kuronekoyamato.co.jp", "hatena.ne.jp", "tsutaya.co.jp", "yodobashi.com",
    "kyushudenryoku.co.jp", "shinjukuku.tokyo.jp", "mitsubishiufj.co.jp", "hokkaidoshinbun.jp",
    "nicovideo.jp", "kakuyasu.co.jp", "chugokushinbun.jp", "ryukyushimpo.jp", "fukuokashi.jp",
    // Pinyin.
    "xinhuanet.com", "zhongguancun.cn", "xiaohongshu.com", "qianlong.com", "zhihu.com",
    "guangming.cn", "shuangyashan.cn", "jiangxinyu.cn", "dianping.com", "qunaer.com",
    "changchunzhaopin.cn", "zhenaiwang.com", "xuexiqiangguo.cn", "huangshanshi.cn",
    // Other languages.
    "deutschebahn.de", "krankenversicherung.de", "przedszkole.pl", "rzeczpospolita.pl",
    "gazetaprawna.pl", "aujourdhui.fr", "bijenkorf.nl", "thuisbezorgd.nl", "escuelaonline.es",
    // Punycode and nothing.
    "xn--fiqs8s.cn", "xn--zckzah.jp", "xn--80ak6aa92e.com", "", "a", "-", "---.com", "com"};

TEST(MachineMade, PeoplesNamesAreLeftAlone) {
  for (const std::string_view name : kPeople) {
    EXPECT_LT(machine_made_score(name), kMachineMade) << name;
  }
}

constexpr std::string_view kMachines[] = {
    "xjwqzkvbtp.com", "qkzjxwvhgf.net",      "a8f3c91be7d2.info",   "d2fuc4clr7gvcn.cloudfront.net",
    "g14l71lbqx.top", "shop-hxqzvkwjpd.com", "ffbbbdc6d3c353211.ru"};

TEST(MachineMade, RandomNamesAreTold) {
  for (const std::string_view name : kMachines) {
    EXPECT_GE(machine_made_score(name), kMachineMade) << name;
  }
}

// The families of docs/names.md, from a fixed seed: the shares that it states, rounded down.
struct Family {
  std::string_view name;
  std::string_view alphabet;
  std::size_t shortest, longest;
  double least;  // share that is told
};
const Family kFamilies[] = {
    {"letters, 8", "abcdefghijklmnopqrstuvwxyz", 8, 8, 0.60},
    {"letters, 12", "abcdefghijklmnopqrstuvwxyz", 12, 12, 0.85},
    {"letters, 16 to 24", "abcdefghijklmnopqrstuvwxyz", 16, 24, 0.95},
    {"a to y, 12 to 18", "abcdefghijklmnopqrstuvwxy", 12, 18, 0.90},
    {"letters and digits, 8 to 20", "abcdefghijklmnopqrstuvwxyz0123456789", 8, 20, 0.98},
    {"hex, 8", "0123456789abcdef", 8, 8, 0.95},
    {"hex, 32", "0123456789abcdef", 32, 32, 1.0},
    {"consonants, 10 to 16", "bcdfghjklmnpqrstvwxz", 10, 16, 0.98},
};

TEST(MachineMade, FamiliesAreToldAtTheirRate) {
  std::mt19937 random(11);
  constexpr int kNames = 4'000;
  for (const Family& family : kFamilies) {
    int told = 0;
    for (int i = 0; i < kNames; ++i) {
      std::string name;
      std::size_t left = family.shortest + random() % (family.longest - family.shortest + 1);
      for (; left > 0; --left) name += family.alphabet[random() % family.alphabet.size()];
      told += machine_made_score(name + ".com") >= kMachineMade ? 1 : 0;
    }
    EXPECT_GE(told, family.least * kNames) << family.name << ": " << told;
  }
}

// Every row is a distribution: its shares add up to one, but for rounding.
TEST(MachineMade, TheTableAddsUp) {
  for (const auto& row : bigram_table::kCost) {
    double sum = 0;
    for (const std::uint8_t cost : row) sum += std::exp2(-cost / 16.0);
    EXPECT_NEAR(sum, 1.0, 0.05);
  }
}

}  // namespace
}  // namespace weir
