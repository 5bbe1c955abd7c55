#include "sandbox_client/json_reader.h"

#include <gtest/gtest.h>

#include "core/json_writer.h"

namespace weir {
namespace {

TEST(JsonReader, ReadsATree) {
  const auto json = read_json(R"( {"a":[1,-2.5e1,true,false,null,"x"],"b":{"a":7},"b":8} )");
  ASSERT_TRUE(json) << json.error().what;
  const auto items = (*json)["a"].items();
  ASSERT_EQ(items.size(), 6u);
  EXPECT_EQ(items[0].integer(), 1);
  EXPECT_EQ(items[1].number(), -25);
  EXPECT_EQ(items[2].boolean(), true);
  EXPECT_EQ(items[3].boolean(), false);
  EXPECT_TRUE(items[4].is_null());
  EXPECT_EQ(items[5].text(), "x");
  EXPECT_EQ((*json)["b"].integer(), 8);  // the last one
  EXPECT_EQ(json->key(1), "b");
}

TEST(JsonReader, WhatIsNotThereIsEmpty) {
  const auto json = read_json(R"({"a":1.5,"s":"7"})");
  EXPECT_TRUE((*json)["b"]["c"]["d"].is_null());
  EXPECT_EQ((*json)["a"].integer(), std::nullopt);
  EXPECT_EQ((*json)["s"].number(), std::nullopt);
  EXPECT_EQ((*json)["a"].text(), "");
  EXPECT_TRUE((*json)["a"].items().empty());
  EXPECT_EQ(read_json("1e300")->integer(), std::nullopt);
}

TEST(JsonReader, Strings) {
  const struct {
    const char* json;
    std::string want;
  } cases[] = {
      {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
      {R"("\u0041\u00e9\u3042")", "A\xc3\xa9\xe3\x81\x82"},
      {R"("\ud83d\ude00")", "\xf0\x9f\x98\x80"},
      {R"("\ud83dx")", "\xef\xbf\xbdx"},
      {R"("\ud83d\u0041")",
       "\xef\xbf\xbd"
       "A"},
      {R"("\ude00")", "\xef\xbf\xbd"},
      {R"("\u0000")", std::string(1, '\0')},
      {"\"\xe3\x81\x82\"", "\xe3\x81\x82"},
  };
  for (const auto& one : cases) {
    const auto json = read_json(one.json);
    ASSERT_TRUE(json) << one.json << ": " << json.error().what;
    EXPECT_EQ(json->text(), one.want) << one.json;
    std::string again;
    JsonWriter(again).string(one.want);
    EXPECT_EQ(read_json(again)->text(), one.want);
  }
}

TEST(JsonReader, RefusesWhatIsNotJson) {
  for (const char* text :
       {"",           " ",       "nul",         "01",     "1.",       ".5",
        "+1",         "1e",      "--1",         "NaN",    "1e999",    "'a'",
        "\"a",        "\"\\x\"", "\"\\u12g4\"", "\"\n\"", "\"\xff\"", "\"\xc0\xaf\"",
        "[1,]",       "[1 2]",   "[",           "{",      "{\"a\"}",  "{\"a\":}",
        "{\"a\":1,}", "{a:1}",   "1 2",         "[]]",    "\"\\",     "\"\\u",
        "// c\n1"}) {
    const auto json = read_json(text);
    ASSERT_FALSE(json) << text;
    EXPECT_EQ(json.error().code, Errc::malformed) << text;
  }
}

TEST(JsonReader, StaysWithinItsLimits) {
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  EXPECT_EQ(read_json(deep).error().code, Errc::too_large);
  EXPECT_TRUE(read_json(deep, {.depth = 40, .values = 100}));
  EXPECT_EQ(read_json(std::string(1'000'000, '[')).error().code, Errc::too_large);
  EXPECT_EQ(read_json("[1,2,3]", {.depth = 2, .values = 3}).error().code, Errc::too_large);
  EXPECT_TRUE(read_json("[1,2]", {.depth = 2, .values = 3}));
}

TEST(JsonReader, EveryPrefixIsRefusedAndNoneReadsPast) {
  const std::string text = R"({"a":[1,"\u00e9",{"b":null}],"c":-0.5e+2})";
  ASSERT_TRUE(read_json(text));
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(read_json(std::string(text, 0, size))) << size;
  }
}

}  // namespace
}  // namespace weir
