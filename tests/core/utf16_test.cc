#include "core/utf16.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir {
namespace {

TEST(Utf16, BecomesUtf8) {
  struct Case {
    const char* name;
    std::vector<std::uint8_t> input;
    std::string want;
  };
  const std::vector<Case> table{
      {"nothing", {}, ""},
      {"ascii", {'a', 0, 'b', 0}, "ab"},
      {"two bytes", {0xE9, 0}, "\xC3\xA9"},
      {"three bytes", {0xAC, 0x20}, "\xE2\x82\xAC"},
      {"a pair", {0x3D, 0xD8, 0x00, 0xDE}, "\xF0\x9F\x98\x80"},
      {"a lone high one",
       {0x3D, 0xD8, 'a', 0},
       "\xEF\xBF\xBD"
       "a"},
      {"a high one at the end", {0x3D, 0xD8}, "\xEF\xBF\xBD"},
      {"a lone low one", {0x00, 0xDE}, "\xEF\xBF\xBD"},
      {"an odd byte", {'a', 0, 'b'}, "a"},
      {"NUL", {0, 0}, std::string(1, '\0')},
  };
  for (const Case& c : table) EXPECT_EQ(utf8_from_utf16le(c.input), c.want) << c.name;
}

}  // namespace
}  // namespace weir
