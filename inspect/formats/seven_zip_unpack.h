// Unpacks one small folder of a 7z archive with one coder: copy, LZMA or LZMA2, as headers are
// packed. Memory is what comes out, never more than `most`. The only file that knows liblzma. Pure
// functions, any thread.
#pragma once

#include <optional>
#include <vector>

#include "core/bytes.h"
#include "inspect/formats/seven_zip_header.h"

namespace weir {

std::optional<std::vector<std::uint8_t>> unpack_seven_zip_folder(const SevenZipFolder& folder,
                                                                 ByteView packed,
                                                                 std::uint64_t most);

// Whether `start`, the first bytes of a stream or, if `whole`, all of them, can be what the coder
// reads. false: they are certainly not (what a wrong key yields passes for one stream in about a
// thousand, BZip2 one in 2^24, PPMd one in 256). A copied stream and coders that are not known
// begin with anything.
bool can_begin_seven_zip_stream(const SevenZipCoder& coder, ByteView start, bool whole);

}  // namespace weir
