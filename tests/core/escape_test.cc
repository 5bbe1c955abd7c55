#include "core/escape.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::string_view_literals;

struct Case {
  std::string_view input;
  std::string_view want;
};

TEST(EscapeForLog, LeavesOnlyPrintableAscii) {
  constexpr Case kCases[] = {
      {"plain text", "plain text"},
      {"a\nb\r\t", "a\\nb\\r\\t"},
      {"\\n", "\\\\n"},
      {"\x1b[31m", "\\x1b[31m"},
      {"\0"sv, "\\x00"},
      {"\xc3\xa9", "\\xc3\\xa9"},
      {"\x7f", "\\x7f"},
      {"", ""},
  };
  for (const auto& [input, want] : kCases) EXPECT_EQ(escape_for_log(input), want);
}

TEST(EscapeForLog, CutsLongText) {
  EXPECT_EQ(escape_for_log("abcdef", 3), "abc...");
  EXPECT_EQ(escape_for_log("abc", 3), "abc");
}

TEST(EscapeHtml, LeavesNoMarkup) {
  EXPECT_EQ(escape_html("<a href=\"x\" b='y'>&\0"sv),
            "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;\xef\xbf\xbd");
  EXPECT_EQ(escape_html(""), "");
}

TEST(PercentDecode, DecodesOnce) {
  constexpr Case kCases[] = {
      {"a%20b", "a b"}, {"%41%4a%4A", "AJJ"}, {"%2541", "%41"}, {"%", "%"},
      {"%4", "%4"},     {"%zz", "%zz"},       {"%4g", "%4g"},   {"%00", "\0"sv},
      {"%%41", "%A"},   {"+", "+"},           {"x%2", "x%2"},   {"%41", "A"},
  };
  for (const auto& [input, want] : kCases) EXPECT_EQ(percent_decode(input), want) << input;
}

TEST(Utf8Length, AcceptsExactlyWhatTheStandardDoes) {
  EXPECT_EQ(utf8_length("a"), 1u);
  EXPECT_EQ(utf8_length("\xc2\x80"), 2u);
  EXPECT_EQ(utf8_length("\xe0\xa0\x80"), 3u);
  EXPECT_EQ(utf8_length("\xed\x9f\xbf"), 3u);
  EXPECT_EQ(utf8_length("\xf0\x90\x80\x80"), 4u);
  EXPECT_EQ(utf8_length("\xf4\x8f\xbf\xbf"), 4u);
  for (const std::string_view bad :
       {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xc2", "\xe2\x82", "\xe2\x82\x41"}) {
    EXPECT_EQ(utf8_length(bad), 0u);
  }
}

TEST(EscapeForTerminal, KeepsLettersAndNothingThatMovesTheCursor) {
  const struct {
    std::string_view text, want;
  } cases[] = {
      {"plain.txt", "plain.txt"},
      {"\xe8\xab\x8b\xe6\xb1\x82.zip", "\xe8\xab\x8b\xe6\xb1\x82.zip"},
      {"a\x1b[2J", "a\\x1b[2J"},
      {"a\nb", "a\\nb"},
      {"\xc2\x9b"
       "31m",
       "\\xc2\\x9b31m"},
      {"exe.\xe2\x80\xae"
       "fdp",
       "exe.\\xe2\\x80\\xaefdp"},
      {"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},
      {"\xff\xe3\x81", "\\xff\\xe3\\x81"},
  };
  for (const auto& row : cases) EXPECT_EQ(escape_for_terminal(row.text), row.want);
  EXPECT_EQ(escape_for_terminal("abcdef", 3), "abc...");
}

}  // namespace
}  // namespace weir
