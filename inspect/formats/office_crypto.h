// The ciphers and digests of [MS-OFFCRYPTO], over OpenSSL's EVP; RC4 is our own, because OpenSSL
// keeps it in a provider that is not there in a jail. Failures of the library are empty results,
// which fit no key and no verifier. Pure functions and plain values, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace weir {

using Octets = std::vector<std::uint8_t>;

enum class OfficeHash : std::uint8_t { md5, sha1, sha256, sha384, sha512 };
std::optional<OfficeHash> office_hash_from_name(std::string_view name);  // "SHA512", "SHA-1"

Octets office_hash(OfficeHash hash, ByteView first, ByteView second = {});
// The first digest, then `spins` times the digest of the round's number and the last one.
Octets office_spun_hash(OfficeHash hash, ByteView salt, ByteView password, std::uint32_t spins);

enum class OfficeChaining : std::uint8_t { ecb, cbc, cfb };
// AES by the length of the key; whole blocks, no padding taken off. Empty on failure.
Octets aes_decrypt(OfficeChaining chaining, ByteView key, ByteView iv, ByteView bytes);

class Rc4 {
 public:
  explicit Rc4(ByteView key);  // not empty
  void apply(MutableBytes bytes);
  void skip(std::size_t bytes);

 private:
  std::uint8_t next();
  std::array<std::uint8_t, 256> state_{};
  std::uint8_t i_ = 0, j_ = 0;
};

std::array<std::uint8_t, 4> le32(std::uint32_t value);
// The password as the formats hash it: UTF-16LE, from UTF-8; at most 255 units.
Octets office_password(std::string_view utf8);

}  // namespace weir
