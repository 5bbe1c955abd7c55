#include "core/passphrase.h"

#include <openssl/evp.h>

namespace weir {
namespace {

constexpr std::uint64_t kCost = 1U << 17, kBlock = 8, kParallel = 1, kMemory = 256U << 20;

}  // namespace

Result<PassphraseKey> key_from_passphrase(std::string_view passphrase, ByteView salt) {
  if (passphrase.size() < kLeastPassphrase) {
    return fail(Errc::invalid, Fault::config, "the passphrase has fewer than 8 characters");
  }
  PassphraseKey key{};
  if (salt.size() < 16 ||
      EVP_PBE_scrypt(passphrase.data(), passphrase.size(), salt.data(), salt.size(), kCost, kBlock,
                     kParallel, kMemory, key.data(), key.size()) != 1) {
    return fail(Errc::internal, Fault::local, "no key could be derived");
  }
  return key;
}

}  // namespace weir
