#include "core/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

namespace weir {
namespace {

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("a", 1);
  json.begin_array("b");
  json.number(-2);
  json.string("x");
  json.begin_object();
  json.end_object();
  json.null();
  json.end_array();
  json.begin_object("c");
  json.end_object();
  json.member("d", true);
  json.end_object();
  EXPECT_EQ(out, R"({"a":1,"b":[-2,"x",{},null],"c":{},"d":true})");
}

TEST(JsonWriter, PicksTheTypeOfAMember) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("chars", "text");
  json.member("string", std::string("s"));
  json.member("view", std::string_view("v"));
  json.member("bool", false);
  json.member("u8", std::uint8_t{255});
  json.member("u64", std::numeric_limits<std::uint64_t>::max());
  json.member("i64", std::numeric_limits<std::int64_t>::min());
  json.member("double", 0.5);
  json.member("nan", std::numeric_limits<double>::quiet_NaN());
  json.key("raw");
  json.raw("[1,2]");
  json.end_object();
  EXPECT_EQ(out, R"({"chars":"text","string":"s","view":"v","bool":false,"u8":255,)"
                 R"("u64":18446744073709551615,"i64":-9223372036854775808,"double":0.5,"nan":null,)"
                 R"("raw":[1,2]})");
}

struct StringCase {
  std::string_view input;
  std::string_view want;
};

TEST(JsonWriter, EscapesStrings) {
  using namespace std::string_view_literals;
  constexpr StringCase kCases[] = {
      {"", R"("")"},
      {"plain /text", R"("plain /text")"},
      {"a\"b\\c", R"("a\"b\\c")"},
      {"\n\r\t", R"("\n\r\t")"},
      {"\0\x1f\x7f"sv, R"("\u0000\u001f\u007f")"},
      {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
      {"\xff", "\"\xef\xbf\xbd\""},
      {"a\xc3", "\"a\xef\xbf\xbd\""},                                // cut short
      {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                  // overlong
      {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},  // a surrogate
      {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xe2\x82z", "\"\xef\xbf\xbd\xef\xbf\xbdz\""},
  };
  for (const auto& [input, want] : kCases) {
    std::string out;
    JsonWriter(out).string(input);
    EXPECT_EQ(out, want);
  }
}

// Eight bytes are looked at together: every byte at every place must still be seen.
TEST(JsonWriter, SeesEveryByteAtEveryPlace) {
  for (int byte = 0; byte < 0x80; ++byte) {
    std::string alone;
    JsonWriter(alone).string(std::string(1, static_cast<char>(byte)));
    const std::string escaped = alone.substr(1, alone.size() - 2);
    EXPECT_EQ(escaped.size() == 1, byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f);
    for (std::size_t place = 0; place < 18; ++place) {
      std::string text(18, 'a');
      text[place] = static_cast<char>(byte);
      std::string out;
      JsonWriter(out).string(text);
      EXPECT_EQ(out, '"' + text.substr(0, place) + escaped + text.substr(place + 1) + '"');
    }
  }
}

TEST(JsonWriter, EscapesKeys) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("a\"", 1);
  json.end_object();
  EXPECT_EQ(out, R"({"a\"":1})");
}

TEST(JsonWriter, Appends) {
  std::string out = "before ";
  JsonWriter(out).boolean(true);
  EXPECT_EQ(out, "before true");
}

}  // namespace
}  // namespace weir
