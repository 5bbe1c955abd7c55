#include "feeds/update/minisign.h"

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

#include "core/base64.h"

namespace weir {
namespace {

constexpr std::size_t kKeyBytes = 2 + 8 + 32;  // "Ed", key id, Ed25519 public key
constexpr std::size_t kSignatureBytes = 2 + 8 + 64;
constexpr std::size_t kGlobalBytes = 64;
constexpr std::size_t kMostLines = 8;
constexpr std::string_view kTrusted = "trusted comment: ";

struct FreeEvp {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < kMostLines) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool verifies(ByteView key, ByteView signature, ByteView message) {
  const std::unique_ptr<EVP_PKEY, FreeEvp> pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const std::unique_ptr<EVP_MD_CTX, FreeEvp> context(EVP_MD_CTX_new());
  return pkey && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

std::unexpected<Error> bad(std::string_view what) {
  return fail(Errc::malformed, Fault::origin, "signature: " + std::string(what));
}

}  // namespace

MinisignDigest::MinisignDigest() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(context_, EVP_blake2b512(), nullptr);
}
MinisignDigest::~MinisignDigest() { EVP_MD_CTX_free(context_); }
void MinisignDigest::update(ByteView bytes) {
  EVP_DigestUpdate(context_, bytes.data(), bytes.size());
}
std::array<std::uint8_t, 64> MinisignDigest::finish() {
  std::array<std::uint8_t, 64> out{};
  EVP_DigestFinal_ex(context_, out.data(), nullptr);
  return out;
}

bool is_minisign_key(std::string_view key) {
  const auto raw = base64_decode(key);
  return raw && raw->size() == kKeyBytes && raw->starts_with("Ed");
}

Result<void> check_minisign(std::string_view key, std::string_view signature,
                            const std::array<std::uint8_t, 64>& digest) {
  const auto lines = lines_of(signature);
  if (lines.size() < 4 || !lines[2].starts_with(kTrusted)) return bad("not a minisign file");
  const auto public_key = base64_decode(key);
  const auto detached = base64_decode(lines[1]);
  const auto global = base64_decode(lines[3]);
  if (!is_minisign_key(key)) return bad("the configured key is none of minisign");
  if (!detached || detached->size() != kSignatureBytes || !global ||
      global->size() != kGlobalBytes) {
    return bad("not a minisign file");
  }
  if (!detached->starts_with("ED")) return bad("made without hashing (old minisign)");
  if (detached->substr(2, 8) != public_key->substr(2, 8)) return bad("made with another key");
  const ByteView raw_key = as_bytes(*public_key).subspan(10);
  const ByteView raw_signature = as_bytes(*detached).subspan(10);
  if (!verifies(raw_key, raw_signature, digest)) return bad("does not fit the document");
  const std::string commented =
      detached->substr(10) + std::string(lines[2].substr(kTrusted.size()));
  if (!verifies(raw_key, as_bytes(*global), as_bytes(commented))) {
    return bad("its trusted comment was changed");
  }
  return {};
}

}  // namespace weir
