#include "inspect/formats/office_crypto.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "core/escape.h"

namespace weir {
namespace {

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

struct HashRow {
  OfficeHash hash;
  std::string_view name, other_name;
  const EVP_MD* (*get)();
};
constexpr std::array<HashRow, 5> kHashes{{
    {OfficeHash::md5, "MD5", "MD-5", EVP_md5},
    {OfficeHash::sha1, "SHA1", "SHA-1", EVP_sha1},
    {OfficeHash::sha256, "SHA256", "SHA-256", EVP_sha256},
    {OfficeHash::sha384, "SHA384", "SHA-384", EVP_sha384},
    {OfficeHash::sha512, "SHA512", "SHA-512", EVP_sha512},
}};

const EVP_MD* digest_of(OfficeHash hash) {
  return std::ranges::find(kHashes, hash, &HashRow::hash)->get();
}

bool digest_into(EVP_MD_CTX* context, const EVP_MD* kind, ByteView first, ByteView second,
                 Octets& out) {
  unsigned size = 0;
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  const bool done = EVP_DigestInit_ex(context, kind, nullptr) == 1 &&
                    EVP_DigestUpdate(context, first.data(), first.size()) == 1 &&
                    EVP_DigestUpdate(context, second.data(), second.size()) == 1 &&
                    EVP_DigestFinal_ex(context, digest.data(), &size) == 1;
  out.assign(digest.begin(), digest.begin() + (done ? size : 0));
  return done;
}

const EVP_CIPHER* cipher_of(OfficeChaining chaining, std::size_t key_bytes) {
  constexpr std::array<std::array<const EVP_CIPHER* (*)(), 3>, 3> kCiphers{{
      {EVP_aes_128_ecb, EVP_aes_192_ecb, EVP_aes_256_ecb},
      {EVP_aes_128_cbc, EVP_aes_192_cbc, EVP_aes_256_cbc},
      {EVP_aes_128_cfb8, EVP_aes_192_cfb8, EVP_aes_256_cfb8},
  }};
  if (key_bytes != 16 && key_bytes != 24 && key_bytes != 32) return nullptr;
  return kCiphers[static_cast<std::size_t>(chaining)][key_bytes / 8 - 2]();
}

// The code point of a valid UTF-8 sequence of `length` bytes.
std::uint32_t code_point(std::string_view sequence) {
  constexpr std::array<std::uint8_t, 5> kFirstBits{0, 0x7f, 0x1f, 0x0f, 0x07};
  std::uint32_t point = static_cast<std::uint8_t>(sequence[0]) & kFirstBits[sequence.size()];
  for (const char c : sequence.substr(1)) point = point << 6 | (static_cast<unsigned>(c) & 0x3f);
  return point;
}

void append_unit(Octets& out, std::uint32_t unit) {
  out.push_back(static_cast<std::uint8_t>(unit));
  out.push_back(static_cast<std::uint8_t>(unit >> 8));
}

}  // namespace

std::optional<OfficeHash> office_hash_from_name(std::string_view name) {
  for (const HashRow& row : kHashes) {
    if (row.name == name || row.other_name == name) return row.hash;
  }
  return std::nullopt;
}

Octets office_hash(OfficeHash hash, ByteView first, ByteView second) {
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  Octets out;
  if (context) digest_into(context.get(), digest_of(hash), first, second, out);
  return out;
}

Octets office_spun_hash(OfficeHash hash, ByteView salt, ByteView password, std::uint32_t spins) {
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  Octets out;
  if (!context) return out;
  bool good = digest_into(context.get(), digest_of(hash), salt, password, out);
  for (std::uint32_t i = 0; good && i < spins; ++i) {
    const Octets last = out;
    good = digest_into(context.get(), digest_of(hash), le32(i), last, out);
  }
  return out;
}

Octets aes_decrypt(OfficeChaining chaining, ByteView key, ByteView iv, ByteView bytes) {
  const EVP_CIPHER* cipher = cipher_of(chaining, key.size());
  const std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context(EVP_CIPHER_CTX_new());
  Octets padded_iv(iv.begin(), iv.end());
  padded_iv.resize(16);
  Octets out(bytes.size() / 16 * 16 + 16);
  int size = 0;
  const bool done =
      cipher != nullptr && context && bytes.size() < (1U << 30) &&
      EVP_DecryptInit_ex(context.get(), cipher, nullptr, key.data(), padded_iv.data()) == 1 &&
      EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
      EVP_DecryptUpdate(context.get(), out.data(), &size, bytes.data(),
                        static_cast<int>(bytes.size() / 16 * 16)) == 1;
  out.resize(done ? static_cast<std::size_t>(size) : 0);
  return out;
}

Rc4::Rc4(ByteView key) {
  std::iota(state_.begin(), state_.end(), std::uint8_t{0});
  std::uint8_t j = 0;
  for (std::size_t i = 0; i < state_.size(); ++i) {
    j = static_cast<std::uint8_t>(j + state_[i] + key[i % key.size()]);
    std::swap(state_[i], state_[j]);
  }
}

std::uint8_t Rc4::next() {
  i_ = static_cast<std::uint8_t>(i_ + 1);
  j_ = static_cast<std::uint8_t>(j_ + state_[i_]);
  std::swap(state_[i_], state_[j_]);
  return state_[static_cast<std::uint8_t>(state_[i_] + state_[j_])];
}

void Rc4::apply(MutableBytes bytes) {
  for (std::uint8_t& byte : bytes) byte ^= next();
}

void Rc4::skip(std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) next();
}

std::array<std::uint8_t, 4> le32(std::uint32_t value) {
  return {static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8),
          static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 24)};
}

Octets office_password(std::string_view utf8) {
  constexpr std::size_t kMostUnits = 255;
  Octets out;
  while (!utf8.empty() && out.size() < kMostUnits * 2) {
    const std::size_t length = utf8_length(utf8);
    if (length == 0) return out;
    const std::uint32_t point = code_point(utf8.substr(0, length));
    if (point >= 0x10000) append_unit(out, 0xd7c0 + (point >> 10));
    append_unit(out, point >= 0x10000 ? 0xdc00 + (point & 0x3ff) : point);
    utf8.remove_prefix(length);
  }
  return out;
}

}  // namespace weir
