// The checks behind embedded_starts.h, one per kind: how far a file goes that begins with `at`, 0
// when none does. Each reads some hundred bytes. Sans-io, any thread.
#pragma once

#include <cstddef>

#include "core/bytes.h"

namespace weir {

std::size_t seven_zip_extent(ByteView at);
std::size_t rar_extent(ByteView at);
std::size_t cabinet_extent(ByteView at);
std::size_t ole_extent(ByteView at);
std::size_t pe_extent(ByteView at);
std::size_t elf_extent(ByteView at);
std::size_t pdf_extent(ByteView at);
std::size_t gzip_extent(ByteView at);
std::size_t bzip2_extent(ByteView at);
std::size_t xz_extent(ByteView at);
std::size_t zstd_extent(ByteView at);
// Whether a local file header that can be one stands here (APPNOTE.TXT 4.3.7).
bool is_local_header(ByteView at);

}  // namespace weir
