#include "conf/units.h"

#include <gtest/gtest.h>

#include "conf/nearest_word.h"
#include "conf/text_file.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

TEST(Units, Bytes) {
  const struct {
    std::string_view text;
    std::optional<std::uint64_t> want;
  } cases[] = {
      {"0", 0},
      {"64KiB", 65536},
      {"1B", 1},
      {"2GiB", 2147483648},
      {"16777215TiB", 16777215ULL << 40},
      {"16777216TiB", std::nullopt},
      {"64", std::nullopt},
      {"64KB", std::nullopt},
      {"64 KiB", std::nullopt},
      {"", std::nullopt},
      {"KiB", std::nullopt},
      {"-1B", std::nullopt},
      {"1.5MiB", std::nullopt},
      {"99999999999999999999B", std::nullopt},
  };
  for (const auto& test : cases) EXPECT_EQ(parse_bytes(test.text), test.want) << test.text;
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1023ULL, 1024ULL, 65536ULL, 3ULL << 30, ~0ULL}) {
    EXPECT_EQ(parse_bytes(bytes_text(bytes)), bytes);
  }
  EXPECT_EQ(bytes_text(65536), "64KiB");
  EXPECT_EQ(bytes_text(1536), "1536B");
}

TEST(Units, Durations) {
  const struct {
    std::string_view text;
    std::optional<milliseconds> want;
  } cases[] = {
      {"250ms", milliseconds(250)},
      {"15s", milliseconds(15000)},
      {"2m", milliseconds(120000)},
      {"1h", milliseconds(3600000)},
      {"30d", milliseconds(2592000000)},
      {"0", milliseconds(0)},
      {"15", std::nullopt},
      {"1h30m", std::nullopt},
      {"99999999999d", std::nullopt},
      {"s", std::nullopt},
      {"18446744073709551615ms", std::nullopt},
  };
  for (const auto& test : cases) EXPECT_EQ(parse_duration(test.text), test.want) << test.text;
  EXPECT_EQ(duration_text(milliseconds(90000)), "90s");
  EXPECT_EQ(duration_text(milliseconds(7200000)), "2h");
}

TEST(NearestWord, Suggests) {
  const std::vector<std::string_view> words = split_words("host port  method certificate_error ");
  EXPECT_EQ(words.size(), 4U);
  EXPECT_EQ(nearest_word("hots", words), "host");
  EXPECT_EQ(nearest_word("Methd", words), "method");
  EXPECT_EQ(nearest_word("certificat_eror", words), "certificate_error");
  EXPECT_EQ(nearest_word("zzz", words), "");
  EXPECT_EQ(nearest_word("", words), "");
  EXPECT_EQ(did_you_mean("hots", words), " (did you mean 'host'?)");
  EXPECT_EQ(did_you_mean("qqqq", words), "");
  EXPECT_EQ(joined(words), "host, port, method, certificate_error");
}

TEST(NearestWord, Distance) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", "abc"), 0U);
  EXPECT_EQ(edit_distance("abc", "acb"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("ABC", "abc"), 0U);
}

TEST(TextFile, Beside) {
  EXPECT_EQ(beside("conf/weir.yaml", "../state"), "state");
  EXPECT_EQ(beside("weir.yaml", "policy.yaml"), "policy.yaml");
  EXPECT_EQ(beside("/a/b.yaml", "/x"), "/x");
  EXPECT_EQ(beside("/a/b.yaml", "c/../d"), "/a/d");
}

TEST(TextFile, Bounded) {
  const std::string file = std::string(WEIR_SOURCE_DIR) + "/conf/weir.yaml";
  EXPECT_TRUE(read_text_file(file, 1 << 20));
  const auto cut = read_text_file(file, 10);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Errc::too_large);
  EXPECT_FALSE(read_text_file("/nonexistent", 10));
}

}  // namespace
}  // namespace weir
