// A key from a passphrase: scrypt (RFC 7914), N 2^17, r 8, p 1, which takes 128 MiB and a good part
// of a second for each guess. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"

namespace weir {

using PassphraseKey = std::array<std::uint8_t, 32>;
inline constexpr std::size_t kLeastPassphrase = 8;  // characters

// `salt` is new for each use, at least 16 bytes. invalid: the passphrase is too short.
Result<PassphraseKey> key_from_passphrase(std::string_view passphrase, ByteView salt);

}  // namespace weir
