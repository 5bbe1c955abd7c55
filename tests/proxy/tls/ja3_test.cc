#include "proxy/tls/ja3.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Ja3, TheTextLeavesGreaseOutAndKeepsTheOrder) {
  const Ja3Input input{.version = 771,
                       .ciphers = {0x0a0a, 4865, 4866, 49195},
                       .extensions = {0x1a1a, 0, 11, 10, 35},
                       .groups = {0x2a2a, 29, 23},
                       .point_formats = {0}};
  EXPECT_EQ(ja3_text(input), "771,4865-4866-49195,0-11-10-35,29-23,0");
}

// The example of the format's own description.
TEST(Ja3, TheDigestIsThatOfTheDescription) {
  const Ja3Input input{.version = 769,
                       .ciphers = {47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4},
                       .extensions = {0, 10, 11},
                       .groups = {23, 24, 25},
                       .point_formats = {0}};
  EXPECT_EQ(ja3_text(input),
            "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0");
  EXPECT_EQ(ja3(input), "ada70206e40642a3e4461f35503241d5");
}

TEST(Ja3, EmptyListsLeaveTheirPlaceEmpty) {
  EXPECT_EQ(ja3_text({.version = 769,
                      .ciphers = {4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99},
                      .extensions = {},
                      .groups = {},
                      .point_formats = {}}),
            "769,4-5-10-9-100-98-3-6-19-18-99,,,");
}

}  // namespace
}  // namespace weir
