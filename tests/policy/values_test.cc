#include "policy/values.h"

#include <gtest/gtest.h>

#include "policy/regex.h"

namespace weir {
namespace {

TEST(Values, Globs) {
  const struct {
    std::string_view pattern, text;
    bool ignore_case, want;
  } cases[] = {
      {"", "", false, true},
      {"*", "", false, true},
      {"a", "", false, false},
      {"video/*", "video/mp4", false, true},
      {"video/*", "Video/mp4", false, false},
      {"video/*", "Video/mp4", true, true},
      {"*.exe", "a.exe.txt", false, false},
      {"*.exe*", "a.exe.txt", false, true},
      {"a?c", "abc", false, true},
      {"a?c", "ac", false, false},
      {"*a*b*c*", "xxaxxbxxc", false, true},
      {"*a*b*c*", "xxaxxcxxb", false, false},
      {"**", "x", false, true},
      {"a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaa", false, false},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(glob_matches(test.pattern, test.text, test.ignore_case), test.want)
        << test.pattern << " " << test.text;
  }
}

TEST(Values, Windows) {
  const struct {
    std::string_view text;
    int weekday, minute;
    bool want;
  } cases[] = {
      {"mon-fri 08:00-18:00", 1, 8 * 60, true},
      {"mon-fri 08:00-18:00", 1, 18 * 60, false},
      {"mon-fri 08:00-18:00", 0, 600, false},
      {"sat,sun", 0, 0, true},
      {"sat,sun", 6, 1439, true},
      {"sat,sun", 1, 0, false},
      {"fri-mon", 0, 5, true},
      {"fri-mon", 3, 5, false},
      {"22:00-06:00", 2, 23 * 60, true},
      {"22:00-06:00", 2, 5 * 60, true},
      {"22:00-06:00", 2, 6 * 60, false},
      {"fri 22:00-06:00", 6, 60, true},
      {"fri 22:00-06:00", 5, 60, false},
      {"fri 22:00-06:00", 5, 22 * 60, true},
      {"sat 22:00-06:00", 0, 60, true},
      {"00:00-24:00", 3, 1439, true},
  };
  for (const auto& test : cases) {
    const auto window = parse_window(test.text);
    ASSERT_TRUE(window) << test.text;
    EXPECT_EQ(window->contains(test.weekday, test.minute), test.want)
        << test.text << " " << test.weekday << " " << test.minute;
  }
  for (const char* bad : {"", "mo", "mon-", "mon 8:00-18:00", "08:00", "08:00-08:00", "24:00-08:00",
                          "mon 08:00-18:00 ", "mon,,tue", "08:60-09:00", "mon  08:00-09:00"}) {
    EXPECT_FALSE(parse_window(bad)) << bad;
  }
}

TEST(Values, LocalTime) {
  const auto time = parse_local_time("2026-05-04 12:34");
  ASSERT_TRUE(time);
  EXPECT_EQ(local_minute(*time).weekday, 1);
  EXPECT_EQ(local_minute(*time).minute, 12 * 60 + 34);
  for (const char* bad :
       {"", "2026-05-04", "2026-13-04 12:00", "2026-05-04T12:00", "2026-02-31 12:00",
        "5617-01-01 12:00", "1969-01-01 12:00", "2026-05-04 24:01"}) {
    EXPECT_FALSE(parse_local_time(bad)) << bad;
  }
}

TEST(Values, Ranges) {
  EXPECT_TRUE(parse_status("5xx")->contains(599));
  EXPECT_FALSE(parse_status("5xx")->contains(499));
  EXPECT_FALSE(parse_status("6xx"));
  EXPECT_FALSE(parse_status("99"));
  EXPECT_TRUE(parse_ports("8000-8002")->contains(8002));
  EXPECT_FALSE(parse_ports("8000-"));
  EXPECT_FALSE(parse_sizes(">1KiB")->contains(1024));
  EXPECT_TRUE(parse_sizes(">=1KiB")->contains(1024));
  EXPECT_FALSE(parse_sizes("<0"));
  EXPECT_FALSE(parse_sizes(">18446744073709551615B"));
  EXPECT_FALSE(parse_sizes("="));
  EXPECT_FALSE(parse_sizes(""));
}

TEST(Regex, FindsBytesAnywhere) {
  const auto regex = Regex::compile("(?i)evil.*bot");
  ASSERT_TRUE(regex);
  EXPECT_TRUE(regex->found_in("an EVIL-bot"));
  EXPECT_TRUE(regex->found_in("evil\xff\xfe\nbot")) << "no invalid byte hides it";
  EXPECT_FALSE(regex->found_in("bot evil"));
  EXPECT_TRUE(Regex::compile("悪い")->found_in("とても悪い"));
}

TEST(Regex, RefusesWhatIsTooMuch) {
  EXPECT_FALSE(Regex::compile("("));
  EXPECT_FALSE(Regex::compile(std::string(5000, 'a')));
  EXPECT_FALSE(Regex::compile("((a{1000}){1000}){1000}"));
}

}  // namespace
}  // namespace weir
