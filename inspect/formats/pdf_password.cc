// The empty user password against the standard security handler (ISO 32000-2, 7.6.4): algorithms 2,
// 4, 5, 6 for revisions 2 to 4, 2.A, 2.B and 11 for revisions 5 and 6.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "inspect/formats/office_crypto.h"
#include "inspect/formats/pdf_encryption.h"

namespace weir {
namespace {

// What a password is filled up with; the empty one is nothing else.
constexpr std::array<std::uint8_t, 32> kPadding{
    0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E, 0x56, 0xFF, 0xFA, 0x01, 0x08,
    0x2E, 0x2E, 0x00, 0xB6, 0xD0, 0x68, 0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A};

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

Octets octets_of(std::string_view text) {
  const ByteView bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

std::string_view string_of(const PdfValue& dictionary, std::string_view key) {
  const PdfValue* value = dictionary.find(key);
  return value != nullptr && value->is(PdfValue::Kind::string) ? std::string_view(value->text)
                                                               : std::string_view();
}

bool metadata_is_plain(const PdfValue& encrypt) {
  const PdfValue* value = encrypt.find("EncryptMetadata");
  return value != nullptr && value->is(PdfValue::Kind::boolean) && value->number == 0;
}

// Algorithm 2.
Octets file_key(const PdfValue& encrypt, std::string_view id, std::int64_t revision,
                std::size_t key_bytes) {
  Octets in(kPadding.begin(), kPadding.end());
  const Octets owner = octets_of(string_of(encrypt, "O").substr(0, 32));
  in.insert(in.end(), owner.begin(), owner.end());
  const auto rights = le32(static_cast<std::uint32_t>(encrypt.number_of("P").value_or(0)));
  in.insert(in.end(), rights.begin(), rights.end());
  const Octets first_id = octets_of(id);
  in.insert(in.end(), first_id.begin(), first_id.end());
  if (revision >= 4 && metadata_is_plain(encrypt)) in.insert(in.end(), 4, 0xff);
  Octets key = office_hash(OfficeHash::md5, in);
  key.resize(std::min(key.size(), key_bytes));
  for (int i = 0; revision >= 3 && i < 50; ++i) {
    key = office_hash(OfficeHash::md5, key);
    key.resize(std::min(key.size(), key_bytes));
  }
  return key;
}

bool is_prefix(ByteView bytes, std::string_view of) {
  return of.size() >= bytes.size() && as_text(bytes) == of.substr(0, bytes.size());
}

// Algorithm 6 (4 and 5).
bool opens_with_rc4(const PdfValue& encrypt, std::string_view id, std::int64_t revision,
                    std::size_t key_bytes) {
  const Octets key = file_key(encrypt, id, revision, key_bytes);
  if (key.empty()) return false;
  if (revision == 2) {
    Octets check(kPadding.begin(), kPadding.end());
    Rc4(key).apply(check);
    return is_prefix(check, string_of(encrypt, "U"));
  }
  Octets check = office_hash(OfficeHash::md5, kPadding, as_bytes(id));
  for (unsigned round = 0; round < 20; ++round) {
    Octets turned = key;
    for (std::uint8_t& byte : turned) byte = static_cast<std::uint8_t>(byte ^ round);
    Rc4(turned).apply(check);
  }
  return is_prefix(check, string_of(encrypt, "U"));
}

Octets aes128_cbc_encrypt(ByteView key, ByteView iv, ByteView bytes) {
  const std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context(EVP_CIPHER_CTX_new());
  Octets out(bytes.size() + 16);
  int size = 0;
  const bool done =
      context &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_128_cbc(), nullptr, key.data(), iv.data()) == 1 &&
      EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
      EVP_EncryptUpdate(context.get(), out.data(), &size, bytes.data(),
                        static_cast<int>(bytes.size())) == 1;
  out.resize(done ? static_cast<std::size_t>(size) : 0);
  return out;
}

// Algorithm 2.B with an empty password and without owner's data: `input` is the salt.
Octets hardened_hash(ByteView input) {
  constexpr std::array kHashes{OfficeHash::sha256, OfficeHash::sha384, OfficeHash::sha512};
  Octets key = office_hash(OfficeHash::sha256, input);
  constexpr unsigned kRounds = 64, kMostRounds = 64 + 256;
  for (unsigned round = 0; round < kMostRounds && key.size() >= 32; ++round) {
    Octets repeated;
    for (int i = 0; i < 64; ++i) repeated.insert(repeated.end(), key.begin(), key.end());
    const ByteView all(key);
    const Octets mixed = aes128_cbc_encrypt(all.first(16), all.subspan(16, 16), repeated);
    if (mixed.size() < 16) return {};
    unsigned sum = 0;  // the first 16 bytes as a number, modulo 3: 256 is 1 modulo 3
    for (const std::uint8_t byte : ByteView(mixed).first(16)) sum += byte;
    key = office_hash(kHashes[sum % 3], mixed);
    if (round + 1 >= kRounds && mixed.back() + 32U <= round + 1) break;
  }
  key.resize(std::min<std::size_t>(key.size(), 32));
  return key;
}

// Algorithm 11: the user's hash, then eight bytes of validation salt.
bool opens_with_sha2(const PdfValue& encrypt, std::int64_t revision) {
  const std::string_view user = string_of(encrypt, "U");
  if (user.size() < 40) return false;
  const ByteView salt = as_bytes(user.substr(32, 8));
  const Octets hash = revision == 5 ? office_hash(OfficeHash::sha256, salt) : hardened_hash(salt);
  return hash.size() == 32 && is_prefix(hash, user);
}

}  // namespace

bool pdf_opens_with_nothing(const PdfValue& encrypt, std::string_view id, std::size_t key_bytes) {
  const std::int64_t revision = encrypt.number_of("R").value_or(0);
  if (revision >= 5) return opens_with_sha2(encrypt, revision);
  return revision >= 2 && opens_with_rc4(encrypt, id, revision, key_bytes);
}

}  // namespace weir
