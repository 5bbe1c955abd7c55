#include "feeds/names/near_names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "conf/nearest_word.h"

namespace weir {
namespace {

const std::vector<std::string> kNames = {"paypal",  "microsoft", "bankofamerica", "chase",
                                         "aaaaaaa", "ababababa", "docomo",        "dhl",
                                         "netflix", "wellsfargo"};

NearNames index_of(const std::vector<std::string>& names) {
  NearNames near;
  for (std::uint32_t i = 0; i < names.size(); ++i) near.add(names[i], i);
  near.build();
  return near;
}

// A text with up to three random errors in it, from a fixed seed.
std::string damaged(std::string text, std::mt19937& random) {
  for (unsigned errors = random() % 4; errors > 0 && !text.empty(); --errors) {
    const std::size_t at = random() % text.size();
    switch (random() % 4) {
      case 0: text.erase(at, 1); break;
      case 1: text.insert(at, 1, static_cast<char>('a' + random() % 26)); break;
      case 2: text[at] = static_cast<char>('a' + random() % 26); break;
      default: std::swap(text[at], text[std::min(at + 1, text.size() - 1)]);
    }
  }
  return text;
}

// Against the plain way: every name within its bound is among the candidates.
TEST(NearNames, FindsAllThatTheDistanceSays) {
  const NearNames near = index_of(kNames);
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = damaged(kNames[random() % kNames.size()], random);
    const auto found = near.candidates(text);
    for (std::uint32_t id = 0; id < kNames.size(); ++id) {
      const std::size_t bound = errors_allowed(kNames[id].size());
      if (bound == 0 || edit_distance(text, kNames[id]) > bound) continue;
      EXPECT_TRUE(std::ranges::find(found, id) != found.end()) << text << ' ' << kNames[id];
    }
  }
}

TEST(NearNames, HardlyAnyOthers) {
  const NearNames near = index_of(kNames);
  std::mt19937 random(8);
  std::size_t found = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string text;
    for (std::size_t n = 3 + random() % 40; n > 0; --n) {
      text += static_cast<char>('a' + random() % 26);
    }
    found += near.candidates(text).size();
  }
  EXPECT_LT(found, 20U);
}

TEST(NearNames, EmptyAndShort) {
  const NearNames none = index_of({});
  EXPECT_TRUE(none.candidates("paypal").empty());
  const NearNames near = index_of({"dhl", "ups"});
  EXPECT_TRUE(near.candidates("dhl").empty());
  EXPECT_TRUE(near.candidates("").empty());
}

TEST(NearNames, ManyAlikeDoNotMakeItSlow) {
  std::vector<std::string> names;
  for (char c = 'a'; c <= 'z'; ++c) {
    for (char d = 'a'; d <= 'z'; ++d) names.push_back(std::string("abcdefg") + c + d);
  }
  EXPECT_EQ(index_of(names).candidates("abcdefghi").size(), NearNames::kMostCandidates);
}

}  // namespace
}  // namespace weir
