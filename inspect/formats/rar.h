// What a RAR archive says of itself, by its block headers alone (technotes of RAR 4.20 and
// RAR 5.0): encryption of entries and of headers, volumes, an end that is missing. Reads a header
// and jumps over its data, for at most kMostRarBlocks. Archives behind a program or a picture are
// members of their own (embedded.h). Sans-io, any thread.
#pragma once

#include <cstdint>

#include "inspect/formats/remark.h"

namespace weir {

inline constexpr std::uint32_t kMostRarBlocks = 1U << 20;

// encrypted, partly-encrypted ("3 of 7 entries"): "rar4-aes128", "rar4-encrypted" (the ciphers of
// RAR 1.5 and 2), "rar5-aes256"; encrypted: "rar4-header", "rar5-header". multi-volume:
// "rar4-volume", "rar5-volume". truncated: "rar4-truncated", "rar5-truncated"; corrupt:
// "rar4-corrupt", "rar5-corrupt". unsupported: "rar14" (before RAR 1.5), "rar7" (an algorithm
// that is newer than the openers). Sign: "rar-trailing-data".
void examine_rar(const Subject& file, Remarks& remarks);

}  // namespace weir
