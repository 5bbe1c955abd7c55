// Unpacks one small folder of a 7z archive with one coder: copy, LZMA or LZMA2, as headers are
// packed. Memory is what comes out, never more than `most`. The only file that knows liblzma. Pure
// function, any thread.
#pragma once

#include <optional>
#include <vector>

#include "core/bytes.h"
#include "inspect/formats/seven_zip_header.h"

namespace weir {

std::optional<std::vector<std::uint8_t>> unpack_seven_zip_folder(const SevenZipFolder& folder,
                                                                 ByteView packed,
                                                                 std::uint64_t most);

}  // namespace weir
