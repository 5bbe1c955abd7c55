#include "inspect/formats/office_package_key.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "core/base64.h"
#include "core/cursor.h"
#include "inspect/formats/office_xml.h"

namespace weir {
namespace {

using Cipher = PackageEncryption::Cipher;
using PasswordLock = PackageEncryption::PasswordLock;

constexpr std::uint32_t kAes128 = 0x660e, kAes256 = 0x6610;
constexpr std::uint32_t kStandardSpins = 50'000;
constexpr std::size_t kMostSalt = 64;
using BlockKey = std::array<std::uint8_t, 8>;
constexpr BlockKey kVerifierBlock{0xfe, 0xa7, 0xd2, 0x76, 0x3b, 0x4b, 0x9e, 0x79};  // 2.3.4.13
constexpr BlockKey kVerifierHashBlock{0xd7, 0xaa, 0x0f, 0x6d, 0x30, 0x61, 0x34, 0x4e};
constexpr BlockKey kKeyBlock{0x14, 0x6e, 0x0b, 0xe7, 0xab, 0xac, 0xd0, 0xd6};

Octets copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

// 2.3.4.5: EncryptionHeader, then EncryptionVerifier. AES and SHA-1 are all that is allowed.
std::optional<PasswordLock> read_standard(Cursor in, Cipher& cipher) {
  in.skip(4);
  Cursor header = in.sub(in.u32le());
  header.skip(4 + 4);
  const std::uint32_t algorithm = header.u32le();
  header.skip(4);
  const std::uint32_t bits = header.u32le();
  PasswordLock lock;
  const std::uint32_t salt = in.u32le();
  lock.cipher.salt = copy(in.take(salt));
  lock.verifier = copy(in.take(16));
  in.skip(4);
  lock.verifier_hash = copy(in.take(32));
  if (in.failed() || header.failed() || algorithm < kAes128 || algorithm > kAes256) return {};
  if (salt > kMostSalt || (bits != 128 && bits != 192 && bits != 256)) return {};
  cipher.key_bytes = bits / 8;
  lock.cipher.key_bytes = cipher.key_bytes;
  lock.spins = kStandardSpins;
  return lock;
}

std::optional<std::uint32_t> number(const XmlTag& tag, std::string_view attribute) {
  const std::string text = tag.attribute(attribute);
  std::uint32_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value).ptr;
  return !text.empty() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

Octets base64(const XmlTag& tag, std::string_view attribute) {
  const auto decoded = base64_decode(tag.attribute(attribute));
  return decoded ? copy(as_bytes(*decoded)) : Octets();
}

// 2.3.4.10: what keyData and encryptedKey have in common.
std::optional<Cipher> agile_cipher(const XmlTag& tag) {
  Cipher cipher;
  const auto hash = office_hash_from_name(tag.attribute("hashAlgorithm"));
  const auto bits = number(tag, "keyBits"), block = number(tag, "blockSize");
  const std::string chaining = tag.attribute("cipherChaining");
  cipher.salt = base64(tag, "saltValue");
  const bool known = tag.attribute("cipherAlgorithm") == "AES" && chaining == "ChainingModeCBC" &&
                     hash && bits && block == 16U && cipher.salt.size() <= kMostSalt &&
                     (bits == 128U || bits == 192U || bits == 256U);
  if (!known) return std::nullopt;
  cipher.hash = *hash;
  cipher.chaining = OfficeChaining::cbc;
  cipher.key_bytes = *bits / 8;
  return cipher;
}

std::optional<PasswordLock> agile_lock(const XmlTag& tag) {
  const auto cipher = agile_cipher(tag);
  const auto spins = number(tag, "spinCount");
  if (!cipher || !spins) return std::nullopt;
  return PasswordLock{*cipher, *spins, base64(tag, "encryptedVerifierHashInput"),
                      base64(tag, "encryptedVerifierHashValue"), base64(tag, "encryptedKeyValue")};
}

std::optional<PasswordLock> read_agile(std::string_view xml, Cipher& cipher) {
  XmlTags tags(xml);
  bool known = false;
  while (const auto tag = tags.next()) {
    if (tag->name == "keyData") {
      const auto found = agile_cipher(*tag);
      known = found.has_value();
      if (found) cipher = *found;
    } else if (tag->name == "encryptedKey" && known && !tag->attribute("spinCount").empty()) {
      return agile_lock(*tag);
    }
  }
  return std::nullopt;
}

// 2.3.4.7: the key of the standard scheme.
Octets standard_key(const PasswordLock& lock, ByteView spun) {
  const Octets last = office_hash(OfficeHash::sha1, spun, le32(0));
  Octets key;
  for (const std::uint8_t fill : {0x36, 0x5c}) {
    std::array<std::uint8_t, 64> pad;
    pad.fill(fill);
    for (std::size_t i = 0; i < last.size(); ++i) pad[i] ^= last[i];
    const Octets half = office_hash(OfficeHash::sha1, pad);
    key.insert(key.end(), half.begin(), half.end());
  }
  key.resize(lock.cipher.key_bytes);
  return key;
}

// 2.3.4.11: the key of one of the three values.
Octets agile_key(const PasswordLock& lock, ByteView spun, const BlockKey& block) {
  Octets key = office_hash(lock.cipher.hash, spun, block);
  key.resize(lock.cipher.key_bytes, 0x36);
  return key;
}

Octets agile_value(const PasswordLock& lock, ByteView spun, const BlockKey& block,
                   ByteView encrypted) {
  return aes_decrypt(OfficeChaining::cbc, agile_key(lock, spun, block), lock.cipher.salt,
                     encrypted);
}

bool begins_with(ByteView bytes, const Octets& hash) {
  return !hash.empty() && bytes.size() >= hash.size() &&
         std::ranges::equal(bytes.first(hash.size()), hash);
}

std::optional<Octets> unlock_standard(const PasswordLock& lock, ByteView spun) {
  Octets key = standard_key(lock, spun);
  const Octets verifier = aes_decrypt(OfficeChaining::ecb, key, {}, lock.verifier);
  const Octets hash = aes_decrypt(OfficeChaining::ecb, key, {}, lock.verifier_hash);
  if (!begins_with(hash, office_hash(OfficeHash::sha1, verifier))) return std::nullopt;
  return key;
}

std::optional<Octets> unlock_agile(const PasswordLock& lock, std::size_t key_bytes, ByteView spun) {
  Octets verifier = agile_value(lock, spun, kVerifierBlock, lock.verifier);
  // 2.3.4.13: as long as the salt; what pads it to a block is not hashed.
  if (!lock.cipher.salt.empty() && verifier.size() > lock.cipher.salt.size()) {
    verifier.resize(lock.cipher.salt.size());
  }
  const Octets hash = agile_value(lock, spun, kVerifierHashBlock, lock.verifier_hash);
  if (!begins_with(hash, office_hash(lock.cipher.hash, verifier))) return std::nullopt;
  Octets key = agile_value(lock, spun, kKeyBlock, lock.key);
  if (key.size() < key_bytes) return std::nullopt;
  key.resize(key_bytes);
  return key;
}

}  // namespace

PackageEncryption read_encryption_info(ByteView stream) {
  Cursor in(stream);
  const std::uint16_t major = in.u16le(), minor = in.u16le();
  PackageEncryption found;
  if (major >= 2 && major <= 4 && minor == 2) {
    found.scheme = PackageScheme::standard;
    found.lock = read_standard(in, found.cipher);
  } else if ((major == 3 || major == 4) && minor == 3) {
    found.scheme = PackageScheme::extensible;
  } else if (major == 4 && minor == 4) {
    found.scheme = PackageScheme::agile;
    in.skip(4);
    found.lock = read_agile(as_text(in.rest()), found.cipher);
  }
  return found;
}

std::optional<Octets> unlock_package(const PackageEncryption& encryption,
                                     std::string_view password) {
  const auto& lock = encryption.lock;
  if (!lock || lock->spins > PackageEncryption::kMostSpins) return std::nullopt;
  const Octets spun = office_spun_hash(lock->cipher.hash, lock->cipher.salt,
                                       office_password(password), lock->spins);
  if (encryption.scheme == PackageScheme::standard) return unlock_standard(*lock, spun);
  return unlock_agile(*lock, encryption.cipher.key_bytes, spun);
}

Octets decrypt_package_segment(const PackageEncryption& encryption, ByteView key,
                               std::uint32_t number, ByteView bytes) {
  if (encryption.scheme == PackageScheme::standard) {
    return aes_decrypt(OfficeChaining::ecb, key, {}, bytes);
  }
  Octets iv = office_hash(encryption.cipher.hash, encryption.cipher.salt, le32(number));
  iv.resize(encryption.cipher.block_bytes, 0x36);
  return aes_decrypt(encryption.cipher.chaining, key, iv, bytes);
}

}  // namespace weir
