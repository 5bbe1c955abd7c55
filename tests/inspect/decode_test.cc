#include "inspect/decode.h"

#include <gtest/gtest.h>

#include "tests/inspect/compress.h"

namespace weir {
namespace {

using test::brotli;
using test::gzip;
using test::raw_deflate;
using test::sample;
using test::zlib;
using test::zstd;

constexpr std::uint64_t kRatio = 200;

struct Decoded {
  std::string text;
  Reason problem = Reason::none;
  std::string culprit{};
  bool operator==(const Decoded&) const = default;
};

// Feeds `in` in the given pieces and takes it out by `out_size` bytes at a time.
class Feeder {
 public:
  Feeder(std::string_view coding, std::size_t out_size)
      : decoder_(make_decoder(coding, kRatio)), out_(out_size) {
    EXPECT_TRUE(decoder_.has_value());
  }
  void feed(std::string_view piece) {
    ByteView in = as_bytes(piece);
    for (;;) {
      const std::size_t n = decoder_->step(in, out_);
      result_.text += as_text(ByteView(out_).first(n));
      if (decoder_->problem() != Reason::none || (in.empty() && n < out_.size())) return;
    }
  }
  Decoded finish() {
    decoder_->finish();
    result_.problem = decoder_->problem();
    result_.culprit = decoder_->culprit();
    return result_;
  }

 private:
  std::expected<Decoder, Finding> decoder_;
  std::vector<std::uint8_t> out_;
  Decoded result_;
};

Decoded decode(std::string_view coding, std::string_view in, std::size_t out_size = 4096) {
  Feeder feeder(coding, out_size);
  feeder.feed(in);
  return feeder.finish();
}

std::string cut(std::string text, std::size_t off) {
  text.resize(text.size() - off);
  return text;
}

std::string skippable_frame() { return std::string("\x50\x2A\x4D\x18\x03\0\0\0abc", 11); }

struct Case {
  std::string name, coding, wire;
  Decoded want;
};

std::vector<Case> cases() {
  const std::string text = sample(900);
  const std::string other = "and then more";
  std::string broken = gzip(text);
  broken[broken.size() / 2] ^= 0x55;
  std::string bad_sum = gzip(text);
  bad_sum[bad_sum.size() - 6] ^= 1;
  return {
      {"identity", "identity", text, {text}},
      {"no coding", "", text, {text}},
      {"gzip", "gzip", gzip(text), {text}},
      {"x-gzip in capitals", " X-GZIP ", gzip(text), {text}},
      {"gzip of nothing", "gzip", gzip(""), {""}},
      {"nothing at all", "gzip", "", {""}},
      {"gzip, two members", "gzip", gzip(text) + gzip(other), {text + other}},
      {"gzip, an empty member between",
       "gzip",
       gzip(text) + gzip("") + gzip(other),
       {text + other}},
      {"gzip, garbage after", "gzip", gzip(text) + "garbage", {text, Reason::corrupt, "gzip"}},
      {"gzip, zeros after",
       "gzip",
       gzip(text) + std::string(8, '\0'),
       {text, Reason::corrupt, "gzip"}},
      {"gzip, second member cut",
       "gzip",
       gzip(text) + cut(gzip(other), 9),
       {text + other, Reason::truncated, "gzip"}},
      {"gzip without its trailer", "gzip", cut(gzip(text), 8), {text, Reason::truncated, "gzip"}},
      {"gzip, one byte short", "gzip", cut(gzip(text), 1), {text, Reason::truncated, "gzip"}},
      {"gzip, wrong checksum", "gzip", bad_sum, {text, Reason::corrupt, "gzip"}},
      {"gzip that is none", "gzip", text, {"", Reason::corrupt, "gzip"}},
      {"zlib in gzip's name", "gzip", zlib(text), {"", Reason::corrupt, "gzip"}},
      {"deflate with zlib header", "deflate", zlib(text), {text}},
      {"deflate without", "deflate", raw_deflate(text), {text}},
      {"deflate of nothing, bare", "deflate", raw_deflate(""), {""}},
      {"deflate, garbage after", "deflate", zlib(text) + "x", {text, Reason::corrupt, "deflate"}},
      {"bare deflate, garbage after",
       "deflate",
       raw_deflate(text) + "x",
       {text, Reason::corrupt, "deflate"}},
      {"deflate, one byte", "deflate", "\x78", {"", Reason::truncated, "deflate"}},
      {"deflate without checksum",
       "deflate",
       cut(zlib(text), 4),
       {text, Reason::truncated, "deflate"}},
      {"gzip in deflate's name", "deflate", gzip(text), {"", Reason::corrupt, "deflate"}},
      {"br", "br", brotli(text), {text}},
      {"br, garbage after", "br", brotli(text) + "x", {text, Reason::corrupt, "br"}},
      {"zstd", "zstd", zstd(text), {text}},
      {"zstd, two frames", "zstd", zstd(text) + zstd(other), {text + other}},
      {"zstd, skippable frame", "zstd", skippable_frame() + zstd(text), {text}},
      {"zstd, garbage after", "zstd", zstd(text) + "garbage", {text, Reason::corrupt, "zstd"}},
      {"gzip then br", "gzip, br", brotli(gzip(text)), {text}},
      {"br then gzip", "br,,gzip", gzip(brotli(text)), {text}},
      {"four", "gzip, deflate, br, zstd", zstd(brotli(zlib(gzip(text)))), {text}},
      {"five with identity",
       "gzip, identity, gzip, gzip, gzip",
       gzip(gzip(gzip(gzip(text)))),
       {text}},
      {"inner garbage", "gzip, br", brotli(gzip(text) + "x"), {text, Reason::corrupt, "gzip"}},
      {"inner cut", "gzip, br", brotli(cut(gzip(text), 4)), {text, Reason::truncated, "gzip"}},
      {"inner nothing", "gzip, br", brotli(""), {""}},
  };
}

TEST(Decode, EachCodingGivesWhatItHeld) {
  for (const Case& c : cases()) EXPECT_EQ(decode(c.coding, c.wire), c.want) << c.name;
}

TEST(Decode, EverySplitGivesTheSame) {
  for (const Case& c : cases()) {
    for (std::size_t at = 0; at <= c.wire.size(); ++at) {
      Feeder feeder(c.coding, 37);
      feeder.feed(std::string_view(c.wire).substr(0, at));
      feeder.feed(std::string_view(c.wire).substr(at));
      const Decoded got = feeder.finish();
      EXPECT_EQ(got.problem, c.want.problem) << c.name << " at " << at;
      EXPECT_EQ(got.culprit, c.want.culprit) << c.name << " at " << at;
      if (c.want.problem == Reason::none) {
        EXPECT_EQ(got.text, c.want.text) << c.name << " at " << at;
      } else {
        EXPECT_TRUE(c.want.text.starts_with(got.text)) << c.name << " at " << at;
      }
    }
  }
}

TEST(Decode, ByteByByteIntoOneByteGivesTheSame) {
  for (const Case& c : cases()) {
    Feeder feeder(c.coding, 1);
    for (const char& byte : c.wire) feeder.feed({&byte, 1});
    EXPECT_EQ(feeder.finish(), c.want) << c.name;
  }
}

// No prefix of a valid stream passes for the whole of it.
TEST(Decode, EveryTruncationIsSeen) {
  const std::string text = sample(700);
  const std::pair<std::string, std::string> streams[] = {
      {"gzip", gzip(text)}, {"deflate", zlib(text)}, {"deflate", raw_deflate(text)},
      {"br", brotli(text)}, {"zstd", zstd(text)},    {"gzip, zstd", zstd(gzip(text))}};
  for (const auto& [coding, wire] : streams) {
    for (std::size_t size = 1; size < wire.size(); ++size) {
      EXPECT_EQ(decode(coding, wire.substr(0, size)).problem, Reason::truncated)
          << coding << " cut to " << size;
    }
  }
}

TEST(Decode, LargeRandomBodiesInRandomPieces) {
  std::mt19937 random(7);
  for (const auto& [coding, encode] :
       {std::pair{"gzip", +[](std::string_view t) { return gzip(t); }},
        {"deflate", +[](std::string_view t) { return raw_deflate(t); }},
        {"br", +[](std::string_view t) { return brotli(t); }},
        {"zstd", +[](std::string_view t) { return zstd(t); }}}) {
    const std::string text = sample(1'500'000, static_cast<unsigned>(random()));
    const std::string wire = encode(text);
    Feeder feeder(coding, 1 + random() % 50'000);
    for (std::size_t at = 0; at < wire.size();) {
      const std::size_t n = 1 + random() % 30'000;
      feeder.feed(std::string_view(wire).substr(at, n));
      at += n;
    }
    EXPECT_TRUE(feeder.finish() == Decoded{text}) << coding;
  }
}

TEST(Decode, BombsStopPastTheRatio) {
  const std::string zeros(24 * 1024 * 1024, '\0');
  for (const auto& [coding, wire] : {std::pair<std::string, std::string>{"gzip", gzip(zeros)},
                                     {"br", brotli(zeros)},
                                     {"zstd", zstd(zeros)},
                                     {"deflate", zlib(zeros)},
                                     {"gzip, gzip", gzip(gzip(zeros))}}) {
    const Decoded got = decode(coding, wire, 65536);
    EXPECT_EQ(got.problem, Reason::ratio) << coding;
    EXPECT_LE(got.text.size(), Decoder::kRatioFrom + 65536) << coding;
  }
}

TEST(Decode, BombInTheMiddleOfTheStackStops) {
  // The inner stage would swallow 24 MiB without giving anything: a gzip header with a name of
  // zeros never ends, here made of ones.
  const std::string name =
      std::string("\x1f\x8b\x08\x08\0\0\0\0\0\x03", 10) + std::string(24 * 1024 * 1024, 'a');
  EXPECT_EQ(decode("gzip, zstd", zstd(name), 65536).problem, Reason::ratio);
}

TEST(Decode, SmallButWellPackedIsNoBomb) {
  const std::string zeros(15 * 1024 * 1024, '\0');
  EXPECT_EQ(decode("gzip", gzip(zeros), 65536).problem, Reason::none);
}

TEST(Decode, LargeZstdWindowIsUnsupported) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 24);
  std::string out(1 << 20, '\0');
  ZSTD_outBuffer target{out.data(), out.size(), 0};
  ZSTD_inBuffer source{"abc", 3, 0};
  ASSERT_EQ(ZSTD_isError(ZSTD_compressStream2(context, &target, &source, ZSTD_e_flush)), 0U);
  ZSTD_freeCCtx(context);
  out.resize(target.pos);
  EXPECT_EQ(decode("zstd", out).problem, Reason::unsupported);
}

TEST(Decode, WhatIsNotUnderstoodIsAFinding) {
  const struct {
    std::string coding;
    Reason reason;
    std::string name;
  } table[] = {
      {"compress", Reason::unknown_coding, "compress"},
      {"gzip, lzma", Reason::unknown_coding, "lzma"},
      {"gzip;q=1", Reason::unknown_coding, "gzip;q=1"},
      {"chunked", Reason::unknown_coding, "chunked"},
      {"dcb\n", Reason::unknown_coding, "dcb\\n"},
      {"gzip,gzip,gzip,gzip,gzip", Reason::too_deep, "content-coding"},
  };
  for (const auto& row : table) {
    const auto made = make_decoder(row.coding, kRatio);
    ASSERT_FALSE(made.has_value()) << row.coding;
    EXPECT_EQ(made.error().verdict, Verdict::uninspectable);
    EXPECT_EQ(made.error().reason, row.reason) << row.coding;
    EXPECT_EQ(made.error().name, row.name);
  }
}

TEST(AcceptEncoding, IsWhatBothUnderstand) {
  const struct {
    std::string from, want;
  } table[] = {
      {"", "identity"},
      {"gzip, deflate, br, zstd", "gzip, deflate, br, zstd"},
      {"gzip, compress, dcb, dcz", "gzip"},
      {"dcb, dcz", "identity"},
      {"br;q=1.0, gzip;q=0.8, *;q=0.1", "br;q=1.0, gzip;q=0.8, deflate;q=0.1, zstd;q=0.1"},
      {"*", "gzip, deflate, br, zstd"},
      {"*;q=0", "identity"},
      {"*, br;q=0", "gzip, deflate, zstd"},
      {"br;q=0, *", "gzip, deflate, zstd"},
      {"X-GZIP", "gzip"},
      {"gzip, x-gzip, GZIP", "gzip"},
      {"gzip;q=0", "identity"},
      {"gzip;q=0.000, br", "br"},
      {"gzip;q=2, br", "br"},
      {"gzip;q=1.5, br", "br"},
      {"gzip;q=0.1234, br", "br"},
      {"gzip;q=-1, br", "br"},
      {"gzip;x=1, br", "br"},
      {"gzip ; Q=0.5", "gzip;q=0.5"},
      {"identity;q=0, gzip", "identity;q=0, gzip"},
      {"identity", "identity"},
      {",, ,gzip,", "gzip"},
      {"gzip\r\nx: y", "identity"},
  };
  for (const auto& row : table) {
    EXPECT_EQ(accept_encoding_value(row.from), row.want) << "from " << row.from;
  }
}

}  // namespace
}  // namespace weir
