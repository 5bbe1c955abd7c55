#include "sandbox_client/quarantine_zip.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

namespace weir {
namespace {

constexpr std::size_t kMac = 10;  // of 20 bytes of HMAC-SHA1
constexpr std::size_t kVerifier = 2;
constexpr int kIterations = 1000;                         // as the specification says
constexpr std::uint64_t kAround = 16 + kVerifier + kMac;  // what surrounds the data
constexpr std::uint16_t kFlags = 1 | 1 << 11;             // encrypted, the name is UTF-8
constexpr std::uint16_t kDate = 33;  // 1980-01-01: when it came is nobody's business

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
struct FreeMac {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

// 0x9901: AE-2, vendor "AE", AES-256, and the method under it: stored.
std::string aes_field() {
  std::string field;
  put(field, 0x9901, 2), put(field, 7, 2), put(field, 2, 2);
  field += "AE";
  put(field, 3, 1), put(field, 0, 2);
  return field;
}

Result<> pass_on(const ByteSink& sink, const std::string& text) { return sink(as_bytes(text)); }

}  // namespace

struct PasswordZip::Ciphers {
  std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> aes{EVP_CIPHER_CTX_new()};
  std::unique_ptr<EVP_MAC_CTX, FreeMac> mac;
  std::array<std::uint8_t, 66> keys{};  // AES, HMAC, verifier
  std::uint64_t block = 0;
  std::array<std::uint8_t, 4096> stream{};
  std::size_t used = 4096;

  bool make(std::string_view password, ByteView salt) {
    if (PKCS5_PBKDF2_HMAC_SHA1(password.data(), static_cast<int>(password.size()), salt.data(),
                               static_cast<int>(salt.size()), kIterations,
                               static_cast<int>(keys.size()), keys.data()) != 1) {
      return false;
    }
    EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    mac.reset(EVP_MAC_CTX_new(hmac));
    EVP_MAC_free(hmac);
    std::string digest = "SHA1";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", digest.data(), 0),
                                 OSSL_PARAM_construct_end()};
    return mac && EVP_MAC_init(mac.get(), keys.data() + 32, 32, params) == 1 &&
           EVP_EncryptInit_ex(aes.get(), EVP_aes_256_ecb(), nullptr, keys.data(), nullptr) == 1 &&
           EVP_CIPHER_CTX_set_padding(aes.get(), 0) == 1;
  }

  // Counter mode with a counter that starts at 1, its lowest byte first.
  bool refill() {
    std::array<std::uint8_t, 4096> counters{};
    for (std::size_t at = 0; at < counters.size(); at += 16) {
      ++block;
      for (std::size_t i = 0; i < 8; ++i) {
        counters[at + i] = static_cast<std::uint8_t>(block >> (8 * i));
      }
    }
    int size = 0;
    used = 0;
    return EVP_EncryptUpdate(aes.get(), stream.data(), &size, counters.data(),
                             static_cast<int>(counters.size())) == 1;
  }

  bool encrypt(ByteView in, std::string& out) {
    out.clear();
    for (const std::uint8_t byte : in) {
      if (used == stream.size() && !refill()) return false;
      out += static_cast<char>(byte ^ stream[used++]);
    }
    return EVP_MAC_update(mac.get(), as_bytes(out).data(), out.size()) == 1;
  }
};

PasswordZip::PasswordZip(std::string name, std::uint64_t size, std::string_view password,
                         Random& random, const ByteSink& sink)
    : name_(std::move(name)), size_(size), sink_(sink), ciphers_(std::make_unique<Ciphers>()) {
  random.fill(salt_);
  if (!ciphers_->make(password, salt_)) ciphers_.reset();
}

PasswordZip::~PasswordZip() = default;

// What the local and the central header share, with what is around it.
std::string PasswordZip::entry(bool central) const {
  const std::string field = aes_field();
  std::string out = central ? "PK\x01\x02" : "PK\x03\x04";
  if (central) put(out, 51, 2);
  put(out, 51, 2), put(out, kFlags, 2), put(out, 99, 2), put(out, 0, 2), put(out, kDate, 2);
  put(out, 0, 4);  // AE-2 has no CRC: it would tell of the content
  put(out, size_ + kAround, 4), put(out, size_, 4);
  put(out, name_.size(), 2), put(out, field.size(), 2);
  if (central) out.append(14, '\0');  // no comment, first disk, no attributes, at offset 0
  return out + name_ + field;
}

Result<> PasswordZip::begin() {
  if (!ciphers_) return fail(Errc::internal, Fault::local, "AES is not there");
  if (size_ > kMostZipped) {
    return fail(Errc::too_large, Fault::local,
                std::to_string(size_) + " bytes are too many for a ZIP");
  }
  std::string head = entry(false);
  head.append(as_text(salt_));
  head.append(as_text(ByteView(ciphers_->keys).last(kVerifier)));
  return pass_on(sink_, head);
}

Result<> PasswordZip::feed(ByteView bytes) {
  fed_ += bytes.size();
  std::string sealed;
  if (!ciphers_->encrypt(bytes, sealed)) {
    return fail(Errc::internal, Fault::local, "AES does not encrypt");
  }
  return pass_on(sink_, sealed);
}

Result<> PasswordZip::end() {
  if (fed_ != size_) return fail(Errc::truncated, Fault::local, "file has another size than said");
  std::array<std::uint8_t, 20> mac{};
  std::size_t size = 0;
  if (EVP_MAC_final(ciphers_->mac.get(), mac.data(), &size, mac.size()) != 1) {
    return fail(Errc::internal, Fault::local, "HMAC does not end");
  }
  std::string tail(as_text(ByteView(mac).first(kMac)));
  const std::string directory = entry(true);
  const std::uint64_t at = entry(false).size() + size_ + kAround;
  tail += directory + "PK\x05\x06";
  put(tail, 0, 4), put(tail, 1, 2), put(tail, 1, 2);
  put(tail, directory.size(), 4), put(tail, at, 4), put(tail, 0, 2);
  return pass_on(sink_, tail);
}

}  // namespace weir
