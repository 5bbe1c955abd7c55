// Checks a detached minisign signature (https://jedisct1.github.io/minisign/, "Signature format"):
// Ed25519 over the BLAKE2b-512 of the file ("ED"), and over the trusted comment. Pure.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"

struct evp_md_ctx_st;

namespace weir {

// BLAKE2b-512 of a file that is read piece by piece.
class MinisignDigest {
 public:
  MinisignDigest();
  ~MinisignDigest();
  MinisignDigest(const MinisignDigest&) = delete;
  MinisignDigest& operator=(const MinisignDigest&) = delete;
  void update(ByteView bytes);
  std::array<std::uint8_t, 64> finish();

 private:
  evp_md_ctx_st* context_;
};

// `key`: the base64 line of the public key file. `signature`: the whole .minisig file.
Result<void> check_minisign(std::string_view key, std::string_view signature,
                            const std::array<std::uint8_t, 64>& digest);
// Whether a line can be a key at all, for the configuration.
bool is_minisign_key(std::string_view key);

}  // namespace weir
