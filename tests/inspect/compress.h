// Content codings applied, for tests.
#pragma once

#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>
#include <string>
#include <string_view>

namespace weir::test {

inline std::string zlib_with(std::string_view plain, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, plain.size()) + 64, '\0');
  std::string copy(plain);
  stream.next_in = reinterpret_cast<Bytef*>(copy.data());
  stream.avail_in = static_cast<uInt>(copy.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

inline std::string gzip(std::string_view plain) { return zlib_with(plain, 31); }
inline std::string zlib(std::string_view plain) { return zlib_with(plain, 15); }
inline std::string raw_deflate(std::string_view plain) { return zlib_with(plain, -15); }

inline std::string brotli(std::string_view plain) {
  std::string out(BrotliEncoderMaxCompressedSize(plain.size()) + 64, '\0');
  std::size_t size = out.size();
  EXPECT_EQ(BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, plain.size(),
                                  reinterpret_cast<const std::uint8_t*>(plain.data()), &size,
                                  reinterpret_cast<std::uint8_t*>(out.data())),
            BROTLI_TRUE);
  out.resize(size);
  return out;
}

inline std::string zstd(std::string_view plain, int level = 3) {
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), level);
  EXPECT_EQ(ZSTD_isError(size), 0U);
  out.resize(size);
  return out;
}

// Half noise, half repetition: compresses, but not to nothing.
inline std::string sample(std::size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string out;
  while (out.size() < size) {
    out += static_cast<char>(random());
    if (random() % 8 == 0) out += "the same words again and again ";
  }
  out.resize(size);
  return out;
}

}  // namespace weir::test
