#include "sandbox_client/detonate/request.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(DetonationRequest, IsRead) {
  const std::string digest(64, 'a');
  const auto request =
      parse_request(R"({"name":"x.sh","sha256":")" + digest + R"(","seconds":600})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->name, "x.sh");
  EXPECT_EQ(request->sha256, digest);
  EXPECT_EQ(request->seconds, 600);
}

TEST(DetonationRequest, NeedsNothing) {
  const auto request = parse_request("{}");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->seconds, 20);
}

TEST(DetonationRequest, IsRefused) {
  for (const char* json :
       {"", "[]", "{", R"({"name":1})", R"({"seconds":0})", R"({"seconds":601})",
        R"({"seconds":-1})", R"({"seconds":1.5})", R"({"sha256":"A"})", R"({"other":1})"}) {
    EXPECT_FALSE(parse_request(json)) << json;
  }
  EXPECT_FALSE(parse_request(R"({"name":")" + std::string(kMostRequestBytes, 'a') + R"("})"));
}

}  // namespace
}  // namespace weir
