#include "proxy/api/query.h"

#include <gtest/gtest.h>

#include <array>

namespace weir {
namespace {

using std::chrono::hours;
constexpr WallTime kNow{hours(24 * 20'000)};
constexpr auto kWords = std::to_array<std::string_view>({"held", "blocked"});

// All kinds, in one line; what is wrong instead.
std::string read(const std::string& text) {
  ApiQuery query(text);
  const std::string name = query.text("name");
  const auto since = query.time("since", kNow);
  const auto limit = query.count("limit", 1, 10, 5);
  const std::string state = query.word("state", kWords);
  const auto good = query.done();
  if (!good) return good.error().what;
  return name + "|" + (since ? std::to_string((kNow - *since) / hours(1)) : "-") + "|" +
         std::to_string(limit) + "|" + state;
}

TEST(ApiQueryTest, ReadsWhatIsRightAndNamesWhatIsWrong) {
  const std::string long_value(ApiQuery::kMostValue + 1, 'x');
  const struct {
    const char* name;
    std::string input, want;
  } cases[] = {
      {"nothing", "", "|-|5|"},
      {"all", "name=a&since=7h&limit=10&state=held", "a|7|10|held"},
      {"coded", "n%61me=a%20b+c%26d%C3%A9", "a b c&d\xc3\xa9|-|5|"},
      {"empty pairs", "&&name=a&", "a|-|5|"},
      {"equals in a value", "name=a=b", "a=b|-|5|"},
      {"no value", "name", "'name' is empty; leave it out instead"},
      {"unknown", "nam=a",
       "there is no parameter 'nam' here; there are: name, since, limit, state"},
      {"twice", "name=a&name=b", "'name' is there twice"},
      {"no time", "since=soon", "'since' is no time, like 7d, 2026-11-23 or 2026-11-23T12:30:00Z"},
      {"too few", "limit=0", "'limit' is a whole number from 1 to 10"},
      {"too many", "limit=11", "'limit' is a whole number from 1 to 10"},
      {"not a number", "limit=1e1", "'limit' is a whole number from 1 to 10"},
      {"a huge number", "limit=99999999999999999999999", "'limit' is a whole number from 1 to 10"},
      {"no such word", "state=gone", "'state' is one of held, blocked"},
      {"half an escape", "name=%4", "name=%4 is not percent-encoded UTF-8 text"},
      {"no escape", "name=%zz", "name=%zz is not percent-encoded UTF-8 text"},
      {"NUL", "name=a%00b", "name=a%00b is not percent-encoded UTF-8 text"},
      {"line break", "name=a%0Ab", "name=a%0Ab is not percent-encoded UTF-8 text"},
      {"not UTF-8", "name=%ff", "name=%ff is not percent-encoded UTF-8 text"},
      {"long", "name=" + long_value, "'name' has more than 4096 bytes"},
      {"all too long", long_value + long_value, "the query has more than 8192 bytes"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    EXPECT_EQ(read(one.input), one.want);
  }
}

TEST(ApiQueryTest, TheFirstMistakeCounts) {
  EXPECT_EQ(read("since=soon&limit=0&x=1"),
            "'since' is no time, like 7d, 2026-11-23 or 2026-11-23T12:30:00Z");
}

TEST(ApiQueryTest, ManyParametersAreTooMany) {
  std::string text;
  for (std::size_t i = 0; i <= ApiQuery::kMostParameters; ++i) text += std::to_string(i) + "=1&";
  EXPECT_EQ(read(text), "too many parameters");
}

}  // namespace
}  // namespace weir
