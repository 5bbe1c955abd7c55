#include "proxy/range.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

struct Case {
  const char* name;
  const char* value;
  bool understood;
  std::uint64_t offset, length;
  bool satisfiable;
};

constexpr std::uint64_t kSize = 1000;

TEST(Range, Table) {
  const Case cases[] = {
      {"first bytes", "bytes=0-99", true, 0, 100, true},
      {"unit in capitals", "BYTES=0-0", true, 0, 1, true},
      {"to the end", "bytes=900-", true, 900, 100, true},
      {"suffix", "bytes=-100", true, 900, 100, true},
      {"suffix longer than all", "bytes=-5000", true, 0, 1000, true},
      {"end beyond the end", "bytes=990-5000", true, 990, 10, true},
      {"beyond the end", "bytes=1000-", true, 0, 0, false},
      {"suffix of nothing", "bytes=-0", true, 1000, 0, false},
      {"largest number", "bytes=0-18446744073709551615", true, 0, 1000, true},
      {"overflow", "bytes=0-18446744073709551616", false, 0, 0, false},
      {"backwards", "bytes=5-4", false, 0, 0, false},
      {"two ranges", "bytes=0-1,5-6", false, 0, 0, false},
      {"other unit", "lines=0-1", false, 0, 0, false},
      {"no numbers", "bytes=-", false, 0, 0, false},
      {"sign", "bytes=+1-2", false, 0, 0, false},
      {"empty", "", false, 0, 0, false},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    const auto range = parse_range(row.value);
    ASSERT_EQ(range.has_value(), row.understood);
    if (!range) continue;
    const Slice slice = resolve(*range, kSize);
    EXPECT_EQ(slice.satisfiable, row.satisfiable);
    if (!slice.satisfiable) continue;
    EXPECT_EQ(slice.offset, row.offset);
    EXPECT_EQ(slice.length, row.length);
  }
}

TEST(Range, ContentRange) {
  EXPECT_EQ(content_range({10, 5, true}, 100), "bytes 10-14/100");
  EXPECT_EQ(content_range({0, 0, false}, 100), "bytes */100");
}

TEST(Range, IfRangeTakesOnlyStrongMatches) {
  Fields fields;
  fields.add("etag", "\"a\"");
  fields.add("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_TRUE(if_range_holds("", fields));
  EXPECT_TRUE(if_range_holds("\"a\"", fields));
  EXPECT_FALSE(if_range_holds("\"b\"", fields));
  EXPECT_FALSE(if_range_holds("W/\"a\"", fields));
  EXPECT_TRUE(if_range_holds("Sun, 06 Nov 1994 08:49:37 GMT", fields));
  EXPECT_FALSE(if_range_holds("Sun, 06 Nov 1994 08:49:38 GMT", fields));
}

}  // namespace
}  // namespace weir
