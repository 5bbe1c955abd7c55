// Files of the quarantine at rest: AES-256-GCM in pieces of 64 KiB, so that they stream. Each file
// has a key of its own, derived from the local key and a random salt; each piece is bound to the
// file, to its place, and to whether it is the last. Only quarantine_*.cc know OpenSSL.
//
//   "WEIRQ001" salt[32]  then pieces of at most 64 KiB, each followed by its tag[16]
//
// Plain functions; any thread.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "core/bytes.h"
#include "core/random.h"
#include "core/result.h"

namespace weir {

using ByteSink = std::function<Result<>(ByteView)>;
using QuarantineKey = std::array<std::uint8_t, 32>;

// The key in the file; a new one, mode 0600, if there is none. An error if others can read it: then
// whatever was kept under it is not secret.
Result<QuarantineKey> quarantine_key(const std::string& path, Random& random);

// All of `fd`, encrypted. too_large after `most` bytes. The digest of the plain bytes comes back.
Result<std::string> seal_file(const QuarantineKey& key, int fd, std::uint64_t most, Random& random,
                              const ByteSink& sink);

// All of `fd`, decrypted. Each piece is authentic when the sink gets it, but the file is whole only
// if this succeeds: the sink's owner throws away what it has otherwise.
Result<> unseal_file(const QuarantineKey& key, int fd, const ByteSink& sink);

}  // namespace weir
