#include "proxy/doctor/checkup.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Checkup, TheWorstRowIsTheExitCode) {
  Checkup checkup;
  EXPECT_EQ(checkup.exit_code(), 0);
  checkup.ok("a", "well");
  EXPECT_EQ(checkup.exit_code(), 0);
  checkup.warn("b", "old", "renew");
  EXPECT_EQ(checkup.exit_code(), 1);
  checkup.error("c", "gone", "restore");
  checkup.ok("d", "well");
  EXPECT_EQ(checkup.exit_code(), 2);
  EXPECT_EQ(checkup.count(Health::ok), 2U);
}

TEST(Checkup, TheTableSaysWhatToDo) {
  Checkup checkup;
  checkup.ok("ca", "valid");
  checkup.error("ports", "in use\x1b[2J", "end it");
  EXPECT_EQ(checkup.text(),
            "ok       ca          valid\n"
            "error    ports       in use\\x1b[2J\n"
            "                     -> end it\n"
            "\n1 ok, 0 warnings, 1 errors\n");
}

TEST(Checkup, JsonHasEveryRow) {
  Checkup checkup;
  checkup.warn("disk", "\"full\"", "make room");
  EXPECT_EQ(checkup.json(),
            "{\"health\":\"warning\",\"checks\":[{\"area\":\"disk\",\"health\":\"warning\","
            "\"found\":\"\\\"full\\\"\",\"mend\":\"make room\"}]}\n");
}

TEST(Checkup, NumbersAsAPersonReadsThem) {
  EXPECT_EQ(size_in_words(0), "0 bytes");
  EXPECT_EQ(size_in_words(1023), "1023 bytes");
  EXPECT_EQ(size_in_words(1536), "1.5 KiB");
  EXPECT_EQ(size_in_words(1ULL << 40), "1.0 TiB");
  EXPECT_EQ(size_in_words(~0ULL), "16777216.0 TiB");
  EXPECT_EQ(age_in_words(-5), "0 minutes");
  EXPECT_EQ(age_in_words(7199), "119 minutes");
  EXPECT_EQ(age_in_words(7200), "2 hours");
  EXPECT_EQ(age_in_words(3 * 86400 + 1), "3 days");
}

}  // namespace
}  // namespace weir
