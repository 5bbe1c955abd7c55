#include "feeds/siphash.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <memory>
#include <string>

namespace weir {
namespace {

struct Free {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

constexpr SipKey kKey = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

// What OpenSSL makes of it.
Hash128 oracle(unsigned c, unsigned d, std::string_view text) {
  const std::unique_ptr<EVP_MAC, Free> mac(EVP_MAC_fetch(nullptr, "SIPHASH", nullptr));
  const std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_new(mac.get()));
  std::size_t size = 16;
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                               OSSL_PARAM_construct_uint("c-rounds", &c),
                               OSSL_PARAM_construct_uint("d-rounds", &d), OSSL_PARAM_END};
  Hash128 out{};
  std::array<unsigned char, 16> bytes{};
  EXPECT_EQ(
      EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(kKey.data()), 16, params),
      1);
  EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  EXPECT_EQ(EVP_MAC_final(context.get(), bytes.data(), &size, bytes.size()), 1);
  std::memcpy(&out.hi, bytes.data(), 8);
  std::memcpy(&out.lo, &bytes[8], 8);
  return out;
}

// The first of the reference implementation's vectors for 128 bits.
TEST(SipHash, VectorOfTheAuthors) {
  const Hash128 hash = siphash128<2, 4>(kKey, "");
  EXPECT_EQ(hash.hi, 0xe6a825ba047f81a3);
  EXPECT_EQ(hash.lo, 0x930255c71472f66d);
}

TEST(SipHash, AgreesWithOpenssl) {
  std::string text;
  for (char c = 0; c < 70; ++c) {
    EXPECT_EQ((siphash128<2, 4>(kKey, text)), oracle(2, 4, text)) << text.size();
    EXPECT_EQ((siphash128<1, 3>(kKey, text)), oracle(1, 3, text)) << text.size();
    text += c;
  }
}

}  // namespace
}  // namespace weir
