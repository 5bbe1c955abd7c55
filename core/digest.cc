#include "core/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

#include "core/escape.h"

namespace weir {
namespace {

void require(int ok) {
  if (ok != 1) std::abort();
}

EVP_MD_CTX* started(const EVP_MD* algorithm) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  require(context != nullptr ? 1 : 0);
  require(EVP_DigestInit_ex(context, algorithm, nullptr));
  return context;
}

std::string finished(EVP_MD_CTX* context) {
  if (context == nullptr) return {};
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  require(EVP_DigestFinal_ex(context, digest.data(), &size));
  return hex(ByteView(digest).first(size));
}

template <std::size_t size>
std::array<std::uint8_t, size> digest_of(ByteView bytes, const EVP_MD* algorithm) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned written = 0;
  require(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &written, algorithm, nullptr));
  require(written == size ? 1 : 0);
  std::array<std::uint8_t, size> out{};
  std::copy_n(digest.begin(), size, out.begin());
  return out;
}

}  // namespace

void Digests::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Digests::Digests(bool with_old_ones) : sha256_(started(EVP_sha256())) {
  if (!with_old_ones) return;
  sha1_.reset(started(EVP_sha1()));
  md5_.reset(started(EVP_md5()));
}

Digests::~Digests() = default;
Digests::Digests(Digests&&) noexcept = default;
Digests& Digests::operator=(Digests&&) noexcept = default;

void Digests::update(ByteView bytes) {
  require(EVP_DigestUpdate(sha256_.get(), bytes.data(), bytes.size()));
  if (!sha1_) return;
  require(EVP_DigestUpdate(sha1_.get(), bytes.data(), bytes.size()));
  require(EVP_DigestUpdate(md5_.get(), bytes.data(), bytes.size()));
}

DigestTexts Digests::finish() {
  return {finished(sha256_.get()), finished(sha1_.get()), finished(md5_.get())};
}

std::array<std::uint8_t, 32> sha256(ByteView bytes) { return digest_of<32>(bytes, EVP_sha256()); }
std::array<std::uint8_t, 20> sha1(ByteView bytes) { return digest_of<20>(bytes, EVP_sha1()); }
std::string sha256_hex(ByteView bytes) { return hex(sha256(bytes)); }

std::string hex(ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::vector<std::uint8_t> out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return out;
}

}  // namespace weir
