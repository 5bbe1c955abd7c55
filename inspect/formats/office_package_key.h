// How an OOXML document is encrypted ([MS-OFFCRYPTO] 2.3.4), read from its EncryptionInfo, and the
// key when a password fits. Spins beyond kMostSpins are not tried: the document then counts as
// encrypted. Sans-io, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/bytes.h"
#include "inspect/formats/office_crypto.h"

namespace weir {

enum class PackageScheme : std::uint8_t { unknown, standard, agile, extensible };

struct PackageEncryption {
  static constexpr std::uint32_t kMostSpins = 1'000'000;

  // Of the document; its `key` is empty until a password fits.
  struct Cipher {
    OfficeHash hash = OfficeHash::sha1;
    OfficeChaining chaining = OfficeChaining::ecb;
    std::size_t key_bytes = 16, block_bytes = 16;
    Octets salt;
  };
  struct PasswordLock {
    Cipher cipher;
    std::uint32_t spins = 0;
    Octets verifier, verifier_hash, key;  // encrypted; key: agile only
  };

  PackageScheme scheme = PackageScheme::unknown;
  Cipher cipher;
  std::optional<PasswordLock> lock;  // none: no password can open it, or not by what we know
};

// The whole stream EncryptionInfo. Never fails: what is not understood has no lock.
PackageEncryption read_encryption_info(ByteView stream);

// The document's key, if this password (UTF-8) is the right one.
std::optional<Octets> unlock_package(const PackageEncryption& encryption,
                                     std::string_view password);

inline constexpr std::size_t kPackageSegment = 4096;
// Segment `number` of EncryptedPackage, its whole blocks; `bytes` comes after the 8 bytes of size.
Octets decrypt_package_segment(const PackageEncryption& encryption, ByteView key,
                               std::uint32_t number, ByteView bytes);

}  // namespace weir
