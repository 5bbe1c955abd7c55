#include "inspect/formats/seven_zip_crypto.h"

#include <openssl/evp.h>

#include <algorithm>

#include "core/cursor.h"
#include "core/escape.h"

namespace weir {
namespace {

constexpr unsigned kNoRounds = 63;

// UTF-8 to UTF-16LE; bytes that are no UTF-8 stand for themselves.
std::vector<std::uint8_t> utf16le(std::string_view text) {
  std::vector<std::uint8_t> out;
  const auto unit = [&](std::uint32_t value) {
    out.push_back(static_cast<std::uint8_t>(value));
    out.push_back(static_cast<std::uint8_t>(value >> 8));
  };
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(1, utf8_length(text));
    std::uint32_t code = static_cast<std::uint8_t>(text.front());
    if (length > 1) code &= 0xffU >> (length + 1);
    for (std::size_t i = 1; i < length; ++i) {
      code = code << 6 | (static_cast<std::uint8_t>(text[i]) & 0x3fU);
    }
    if (code >= 0x10000) {
      unit(0xd800 + ((code - 0x10000) >> 10));
      unit(0xdc00 + (code & 0x3ff));
    } else {
      unit(code);
    }
    text.remove_prefix(length);
  }
  return out;
}

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

std::optional<SevenZipLock> read_seven_zip_lock(ByteView properties) {
  Cursor in(properties);
  const std::uint8_t first = in.u8();
  SevenZipLock lock;
  lock.cycles = first & 0x3fU;
  std::size_t salt = first >> 7, iv = (first >> 6) & 1U;
  if ((first & 0xc0U) != 0) {
    const std::uint8_t sizes = in.u8();
    salt += sizes >> 4;
    iv += sizes & 0x0fU;
  }
  const ByteView salt_bytes = in.take(salt), iv_bytes = in.take(iv);
  if (in.failed() || iv > lock.iv.size()) return std::nullopt;
  if (lock.cycles > kMostCycles && lock.cycles != kNoRounds) return std::nullopt;
  lock.salt.assign(salt_bytes.begin(), salt_bytes.end());
  std::ranges::copy(iv_bytes, lock.iv.begin());
  return lock;
}

SevenZipKey seven_zip_key(const SevenZipLock& lock, std::string_view password) {
  SevenZipKey key{};
  std::vector<std::uint8_t> round = lock.salt;
  const auto secret = utf16le(password);
  round.insert(round.end(), secret.begin(), secret.end());
  if (lock.cycles == kNoRounds) {
    std::copy_n(round.begin(), std::min(round.size(), key.size()), key.begin());
    return key;
  }
  // Many rounds at a time, of which only the counters change.
  constexpr std::uint64_t kBatch = 64;
  const std::uint64_t rounds = std::uint64_t{1} << lock.cycles;
  const std::size_t counter_at = round.size();
  round.resize(counter_at + 8);
  std::vector<std::uint8_t> batch;
  for (std::uint64_t i = 0; i < kBatch; ++i) batch.insert(batch.end(), round.begin(), round.end());
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> digest(EVP_MD_CTX_new());
  EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
  for (std::uint64_t done = 0; done < rounds; done += kBatch) {
    const std::uint64_t now = std::min(kBatch, rounds - done);
    for (std::uint64_t i = 0; i < now; ++i) {
      for (unsigned byte = 0; byte < 8; ++byte) {
        batch[i * round.size() + counter_at + byte] =
            static_cast<std::uint8_t>((done + i) >> (8 * byte));
      }
    }
    EVP_DigestUpdate(digest.get(), batch.data(), now * round.size());
  }
  EVP_DigestFinal_ex(digest.get(), key.data(), nullptr);
  return key;
}

const SevenZipKey& SevenZipKeys::of(const SevenZipLock& lock, const std::string& password) {
  const auto name = std::tuple(lock.cycles, lock.salt, password);
  const auto known = known_.find(name);
  if (known != known_.end()) return known->second;
  return known_.emplace(name, seven_zip_key(lock, password)).first->second;
}

struct SevenZipCipher::Context {
  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };
  std::unique_ptr<EVP_CIPHER_CTX, Free> cipher{EVP_CIPHER_CTX_new()};
  std::vector<std::uint8_t> plain;
};

SevenZipCipher::SevenZipCipher(const SevenZipLock& lock, const SevenZipKey& key)
    : context_(std::make_unique<Context>()) {
  EVP_DecryptInit_ex(context_->cipher.get(), EVP_aes_256_cbc(), nullptr, key.data(),
                     lock.iv.data());
  EVP_CIPHER_CTX_set_padding(context_->cipher.get(), 0);
}
SevenZipCipher::~SevenZipCipher() = default;
SevenZipCipher::SevenZipCipher(SevenZipCipher&&) noexcept = default;
SevenZipCipher& SevenZipCipher::operator=(SevenZipCipher&&) noexcept = default;

ByteView SevenZipCipher::decrypt(ByteView blocks) {
  context_->plain.resize(blocks.size() + 16);
  int size = 0;
  const int whole = static_cast<int>(blocks.size() / 16 * 16);
  if (EVP_DecryptUpdate(context_->cipher.get(), context_->plain.data(), &size, blocks.data(),
                        whole) != 1) {
    return {};
  }
  return ByteView(context_->plain).first(static_cast<std::size_t>(size));
}

}  // namespace weir
