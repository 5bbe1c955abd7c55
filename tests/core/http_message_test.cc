#include "core/http_message.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

Fields sample() {
  Fields fields;
  fields.add("accept", "a");
  fields.add("via", "1.1 x");
  fields.add("accept", "b, C");
  return fields;
}

TEST(Fields, FindsTheFirstAndJoinsAll) {
  const Fields fields = sample();
  EXPECT_EQ(fields.get("accept"), "a");
  EXPECT_EQ(fields.joined("accept"), "a, b, C");
  EXPECT_EQ(fields.count("accept"), 2u);
  EXPECT_EQ(fields.get("none"), "");
  EXPECT_EQ(fields.joined("none"), "");
  EXPECT_FALSE(fields.has("none"));
}

TEST(Fields, JoinedKeepsEmptyValues) {
  Fields fields;
  fields.add("x", "");
  fields.add("x", "");
  EXPECT_EQ(fields.joined("x"), ", ");
}

TEST(Fields, SetReplacesAllInThePlaceOfTheFirst) {
  Fields fields = sample();
  fields.set("accept", "z");
  EXPECT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields.begin()->value, "z");
  fields.set("new", "n");
  EXPECT_EQ(fields.get("new"), "n");
}

TEST(Fields, RemoveSaysHowMany) {
  Fields fields = sample();
  EXPECT_EQ(fields.remove("accept"), 2u);
  EXPECT_EQ(fields.remove("accept"), 0u);
  EXPECT_EQ(fields.size(), 1u);
}

struct TokenCase {
  std::string_view value;
  std::string_view token;
  bool want;
};

TEST(Fields, HasToken) {
  constexpr TokenCase kCases[] = {
      {"close", "close", true},       {"Close", "close", true},
      {"a, close ,b", "close", true}, {"closed", "close", false},
      {"a close", "close", false},    {",,close", "close", true},
      {"", "close", false},           {"x,", "", true},
      {"a;q=close", "close", false},
  };
  for (const auto& [value, token, want] : kCases) {
    Fields fields;
    fields.add("connection", "other");
    fields.add("connection", std::string(value));
    EXPECT_EQ(fields.has_token("connection", token), want) << value;
  }
}

TEST(ResponseHasNoBody, FollowsTheRules) {
  EXPECT_TRUE(response_has_no_body("GET", 100));
  EXPECT_TRUE(response_has_no_body("GET", 199));
  EXPECT_TRUE(response_has_no_body("GET", 204));
  EXPECT_TRUE(response_has_no_body("GET", 304));
  EXPECT_TRUE(response_has_no_body("HEAD", 200));
  EXPECT_TRUE(response_has_no_body("CONNECT", 200));
  EXPECT_FALSE(response_has_no_body("CONNECT", 407));
  EXPECT_FALSE(response_has_no_body("GET", 200));
  EXPECT_FALSE(response_has_no_body("GET", 205));   // may not have one, but is framed
  EXPECT_FALSE(response_has_no_body("head", 200));  // methods are case-sensitive
}

TEST(ReasonPhrase, KnownAndUnknown) {
  EXPECT_EQ(default_reason_phrase(200), "OK");
  EXPECT_EQ(default_reason_phrase(511), "Network Authentication Required");
  EXPECT_EQ(default_reason_phrase(100), "Continue");
  EXPECT_EQ(default_reason_phrase(299), "");
  EXPECT_EQ(default_reason_phrase(999), "");
}

TEST(Text, LowerTrimAndCompare) {
  EXPECT_EQ(to_lower("AbZ\xc3\x84[`"), "abz\xc3\x84[`");
  EXPECT_EQ(trim(" \ta b\t "), "a b");
  EXPECT_EQ(trim(" \t"), "");
  EXPECT_TRUE(equals_ignore_case("HoSt", "hOsT"));
  EXPECT_FALSE(equals_ignore_case("host", "hosts"));
  EXPECT_FALSE(equals_ignore_case("[", "{"));  // differ in the bit that letters differ in
}

}  // namespace
}  // namespace weir
