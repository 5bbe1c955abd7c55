#include "core/base64.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

struct Case {
  std::string_view plain;
  std::string_view encoded;
};

TEST(Base64, Rfc4648Vectors) {
  constexpr Case kCases[] = {{"", ""},
                             {"f", "Zg=="},
                             {"fo", "Zm8="},
                             {"foo", "Zm9v"},
                             {"foob", "Zm9vYg=="},
                             {"fooba", "Zm9vYmE="},
                             {"foobar", "Zm9vYmFy"},
                             {"\xff\xfe", "//4="}};
  for (const auto& [plain, encoded] : kCases) {
    EXPECT_EQ(base64_encode(as_bytes(plain)), encoded);
    EXPECT_EQ(base64_decode(encoded), plain);
  }
}

TEST(Base64, RefusesWhatIsNotStrict) {
  for (const std::string_view text :
       {"Zg", "Zg=", "Zg= =", "Z===", "====", "Zm9v\n", "Zm-v", "=Zm9"}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
}

}  // namespace
}  // namespace weir
