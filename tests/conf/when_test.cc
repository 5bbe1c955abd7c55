#include "conf/when.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::milliseconds;
const WallTime kNow{std::chrono::seconds(1'800'000'000)};  // 2027-01-15T08:00:00Z

TEST(ParseWhen, TakesWhatPeopleWrite) {
  const struct {
    std::string_view name, text;
    std::int64_t want;  // milliseconds since 1970
  } cases[] = {
      {"now", "now", 1'800'000'000'000},
      {"a while ago", "90m", 1'799'994'600'000},
      {"a day", "2027-01-15", 1'799'971'200'000},
      {"minutes", "2027-01-15 08:00", 1'800'000'000'000},
      {"seconds", "2027-01-15T08:00:01", 1'800'000'001'000},
      {"zone", "2027-01-15T08:00:01Z", 1'800'000'001'000},
      {"milliseconds", "2027-01-15T08:00:01.25Z", 1'800'000'001'250},
      {"finer than that", "2027-01-15T08:00:01.250999Z", 1'800'000'001'250},
      {"epoch milliseconds", "1800000000123", 1'800'000'000'123},
      {"leap day", "2024-02-29", 1'709'164'800'000},
  };
  for (const auto& one : cases) {
    const auto got = parse_when(one.text, kNow);
    ASSERT_TRUE(got) << one.name;
    EXPECT_EQ(std::chrono::duration_cast<milliseconds>(got->time_since_epoch()).count(), one.want)
        << one.name;
  }
}

TEST(ParseWhen, RefusesTheRest) {
  for (const std::string_view text :
       {"", "yesterday", "2027-02-29", "2027-13-01", "2027-01-15T", "2027-01-15T24:00",
        "2027-01-15T08:60", "2027-01-15T08:00:61", "2027-01-15T08:00:00.", "2027-01-15T08:00:00ZZ",
        "2027-1-5", "15", "999999999d", "2027-01-15 08:00+02:00"}) {
    EXPECT_FALSE(parse_when(text, kNow)) << text;
  }
}

}  // namespace
}  // namespace weir
