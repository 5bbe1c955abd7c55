#include "inspect/formats/office_binary_key.h"

#include <algorithm>

#include "core/cursor.h"

namespace weir {
namespace {

constexpr std::uint32_t kRc4 = 0x6801;
constexpr std::size_t kMostSalt = 64, kMostXorPassword = 15;

Octets copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

// 2.3.6.1
BinaryEncryption read_rc4(Cursor in) {
  BinaryEncryption found;
  found.scheme = BinaryScheme::rc4;
  found.salt = copy(in.take(16));
  found.verifier = copy(in.take(16));
  found.verifier_hash = copy(in.take(16));
  found.known = in.ok();
  return found;
}

// 2.3.5.1
BinaryEncryption read_crypto_api(Cursor in) {
  BinaryEncryption found;
  found.scheme = BinaryScheme::crypto_api;
  in.skip(4);
  Cursor header = in.sub(in.u32le());
  header.skip(4 + 4);
  const std::uint32_t algorithm = header.u32le();
  header.skip(4);
  const std::uint32_t bits = header.u32le();
  const std::uint32_t salt = in.u32le();
  found.salt = copy(in.take(salt));
  found.verifier = copy(in.take(16));
  in.skip(4);
  found.verifier_hash = copy(in.take(20));
  found.key_bytes = bits == 0 ? 5 : bits / 8;  // 2.3.2: 0 stands for 40
  found.known = in.ok() && header.ok() && salt <= kMostSalt && found.key_bytes <= 16 &&
                found.key_bytes > 0 && (algorithm == kRc4 || algorithm == 0);
  return found;
}

// 2.3.7.1
std::uint16_t xor_verifier(std::string_view password) {
  std::uint16_t verifier = 0;
  const auto mix = [&](std::uint8_t byte) {
    const unsigned turned = (verifier & 0x4000U ? 1U : 0U) | ((verifier * 2U) & 0x7fff);
    verifier = static_cast<std::uint16_t>(turned ^ byte);
  };
  for (std::size_t i = password.size(); i-- > 0;) mix(static_cast<std::uint8_t>(password[i]));
  mix(static_cast<std::uint8_t>(password.size()));
  return verifier ^ 0xce4b;
}

// What the tables of 2.3.7.2 are the states of: CRC-16 with the polynomial 0x1021, bit by bit.
std::uint16_t crc_step(std::uint16_t state) {
  return static_cast<std::uint16_t>((state << 1U) ^ ((state & 0x8000U) != 0 ? 0x1021U : 0U));
}

// 2.3.7.2, CreateXorKey_Method1: the initial code is what 0xffff becomes after as many bytes as the
// password has; each bit of the password, from the last byte's lowest on, adds one more state.
std::uint16_t xor_key(std::string_view password) {
  std::uint16_t key = 0xffff, element = 0x1021;
  for (std::size_t i = 0; i < password.size() * 8; ++i) key = crc_step(key);
  for (std::size_t i = password.size(); i-- > 0;) {
    for (unsigned bit = 0; bit < 7; ++bit, element = crc_step(element)) {
      if ((static_cast<unsigned>(password[i]) >> bit & 1U) != 0) key ^= element;
    }
  }
  return key;
}

constexpr std::array<std::uint8_t, 15> kXorPad{0xbb, 0xff, 0xff, 0xba, 0xff, 0xff, 0xb9, 0x80,
                                               0x00, 0xbe, 0x0f, 0x00, 0xbf, 0x0f, 0x00};

// 2.3.7.2, CreateXorArray_Method1: the password, padded, each byte mixed with one half of the key
// and turned by one bit.
std::array<std::uint8_t, 16> make_xor_array(std::string_view password, std::uint16_t key) {
  std::array<std::uint8_t, 16> array{};
  for (std::size_t i = 0; i < array.size(); ++i) {
    const std::uint8_t byte =
        i < password.size() ? static_cast<std::uint8_t>(password[i]) : kXorPad[i - password.size()];
    const unsigned half = i % 2 == 0 ? key & 0xffU : key >> 8U;
    const unsigned mixed = byte ^ half;
    array[i] = static_cast<std::uint8_t>(mixed >> 1U | mixed << 7U);
  }
  return array;
}

// 2.3.6.2: what the block numbers are hashed with.
Octets rc4_secret(ByteView salt, ByteView password) {
  Octets first = office_hash(OfficeHash::md5, password);
  first.resize(5);
  Octets many;
  for (int i = 0; i < 16; ++i) {
    many.insert(many.end(), first.begin(), first.end());
    many.insert(many.end(), salt.begin(), salt.end());
  }
  Octets secret = office_hash(OfficeHash::md5, many);
  secret.resize(5);
  return secret;
}

bool verifies(Rc4 cipher, OfficeHash hash, Octets verifier, Octets verifier_hash) {
  cipher.apply(verifier);
  cipher.apply(verifier_hash);
  const Octets want = office_hash(hash, verifier);
  return !want.empty() && want == verifier_hash;
}

}  // namespace

BinaryEncryption read_binary_encryption(ByteView bytes) {
  Cursor in(bytes);
  const std::uint16_t major = in.u16le(), minor = in.u16le();
  if (major == 1 && minor == 1) return read_rc4(in);
  if (major >= 2 && major <= 4 && minor == 2) return read_crypto_api(in);
  return {};
}

BinaryEncryption xor_obfuscation(std::uint16_t key, std::uint16_t verifier) {
  BinaryEncryption found;
  found.scheme = BinaryScheme::xor_obfuscation;
  found.xor_key = key;
  found.xor_verifier = verifier;
  found.known = true;
  return found;
}

std::optional<BinaryKey> BinaryKey::unlock(const BinaryEncryption& encryption,
                                           std::string_view password) {
  if (!encryption.known) return std::nullopt;
  BinaryKey key;
  key.scheme_ = encryption.scheme;
  key.key_bytes_ = encryption.key_bytes;
  if (key.scheme_ == BinaryScheme::xor_obfuscation) {
    if (password.empty() || password.size() > kMostXorPassword) return std::nullopt;
    if (xor_verifier(password) != encryption.xor_verifier) return std::nullopt;
    if (xor_key(password) != encryption.xor_key) return std::nullopt;
    key.xor_array_ = make_xor_array(password, encryption.xor_key);
    return key;
  }
  const bool rc4 = key.scheme_ == BinaryScheme::rc4;
  const Octets text = office_password(password);
  key.secret_ = rc4 ? rc4_secret(encryption.salt, text)
                    : office_hash(OfficeHash::sha1, encryption.salt, text);
  if (key.secret_.empty()) return std::nullopt;
  const bool fits = verifies(key.block(0), rc4 ? OfficeHash::md5 : OfficeHash::sha1,
                             encryption.verifier, encryption.verifier_hash);
  return fits ? std::optional(key) : std::nullopt;
}

Rc4 BinaryKey::block(std::uint32_t number) const {
  if (scheme_ == BinaryScheme::rc4) {
    Octets key = office_hash(OfficeHash::md5, secret_, le32(number));
    key.resize(16);
    return Rc4(key);
  }
  Octets key = office_hash(OfficeHash::sha1, secret_, le32(number));
  key.resize(key_bytes_);
  if (key_bytes_ == 5) key.resize(16);  // 2.3.5.2: 40 bits and zeros
  return Rc4(key);
}

}  // namespace weir
