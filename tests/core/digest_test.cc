#include "core/digest.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::string_view kAbcSha256 =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Digests, KnownAnswersAtEverySplit) {
  const std::string_view text = "abc";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    Digests digests(true);
    digests.update(as_bytes(text.substr(0, at)));
    digests.update(as_bytes(text.substr(at)));
    const DigestTexts got = digests.finish();
    EXPECT_EQ(got.sha256, kAbcSha256);
    EXPECT_EQ(got.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(got.md5, "900150983cd24fb0d6963f7d28e17f72");
  }
}

TEST(Digests, OldOnesOnlyWhenAsked) {
  Digests digests(false);
  const DigestTexts got = digests.finish();
  EXPECT_EQ(got.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(got.sha1, "");
  EXPECT_EQ(got.md5, "");
}

TEST(Digests, OneShot) {
  EXPECT_EQ(sha256_hex(as_bytes("abc")), kAbcSha256);
  EXPECT_EQ(hex(sha1(as_bytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(Hex, BothWays) {
  const std::uint8_t bytes[] = {0x00, 0x7f, 0xff};
  EXPECT_EQ(hex(bytes), "007fff");
  EXPECT_EQ(from_hex("007FfF"), (std::vector<std::uint8_t>{0x00, 0x7f, 0xff}));
  EXPECT_EQ(from_hex(""), std::vector<std::uint8_t>());
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_FALSE(from_hex("+1"));
}

}  // namespace
}  // namespace weir
