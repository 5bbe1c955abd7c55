// A feed's document as it was served → its text: gzip, bzip2, xz and zstd are undone (by content,
// not by name), anything else stays as it is. Bounded by what comes out. One thread, blocks.
#pragma once

#include <functional>
#include <string>

#include "core/bytes.h"
#include "core/result.h"

namespace weir {

// Reads `path`; gives what comes out to `sink`, whose error ends it. too_large: more than
// max_bytes; malformed: a damaged stream.
Result<void> unpack_file(const std::string& path, std::uint64_t max_bytes,
                         const std::function<Result<void>(ByteView)>& sink);

}  // namespace weir
