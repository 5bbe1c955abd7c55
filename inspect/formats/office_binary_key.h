// How DOC, XLS and PPT are encrypted ([MS-OFFCRYPTO] 2.3.5 to 2.3.7): RC4 with 40 bits, RC4 with
// the key lengths of CryptoAPI, or XOR; and the key when a password fits. Sans-io, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/bytes.h"
#include "inspect/formats/office_crypto.h"

namespace weir {

enum class BinaryScheme : std::uint8_t { unknown, xor_obfuscation, rc4, crypto_api };

struct BinaryEncryption {
  BinaryScheme scheme = BinaryScheme::unknown;
  std::size_t key_bytes = 16;  // CryptoAPI
  Octets salt, verifier, verifier_hash;
  std::uint16_t xor_key = 0, xor_verifier = 0;
  bool known = false;  // false: no password can open it by what we know
};

// What begins with EncryptionVersionInfo: 1.1 is RC4, 2.2 to 4.2 CryptoAPI.
BinaryEncryption read_binary_encryption(ByteView bytes);
BinaryEncryption xor_obfuscation(std::uint16_t key, std::uint16_t verifier);

// Opens blocks once the password is known.
class BinaryKey {
 public:
  // nullopt: not the password.
  static std::optional<BinaryKey> unlock(const BinaryEncryption& encryption,
                                         std::string_view password);
  BinaryScheme scheme() const { return scheme_; }
  Rc4 block(std::uint32_t number) const;  // of RC4 and CryptoAPI
  const std::array<std::uint8_t, 16>& xor_array() const { return xor_array_; }

 private:
  BinaryScheme scheme_ = BinaryScheme::unknown;
  std::size_t key_bytes_ = 16;
  Octets secret_;  // what the block number is hashed with
  std::array<std::uint8_t, 16> xor_array_{};
};

}  // namespace weir
