// The headers of 7z, RAR and the rare archives. Each also gets the bytes with its checksums put
// right, without which nothing behind the first header would ever be read.
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "inspect/formats/other_archives.h"
#include "inspect/formats/rar.h"
#include "inspect/formats/seven_zip.h"
#include "inspect/formats/seven_zip_header.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

void put(Bytes& bytes, std::size_t at, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width && at + i < bytes.size(); ++i, value >>= 8) {
    bytes[at + i] = static_cast<std::uint8_t>(value & 0xff);
  }
}

std::uint32_t crc_of(const Bytes& bytes, std::size_t at, std::size_t size) {
  return static_cast<std::uint32_t>(crc32_z(0, bytes.data() + at, size));
}

// A 7z whose header is all that follows the start header.
Bytes with_start_header(weir::ByteView header) {
  Bytes bytes{'7', 'z', 0xBC, 0xAF, 0x27, 0x1C, 0, 4};
  bytes.resize(32);
  bytes.insert(bytes.end(), header.begin(), header.end());
  put(bytes, 20, header.size(), 8);
  put(bytes, 28, crc_of(bytes, 32, header.size()), 4);
  put(bytes, 8, crc_of(bytes, 12, 20), 4);
  return bytes;
}

// RAR 4 blocks of what the bytes say, each with its checksum.
Bytes with_rar4_checksums(weir::ByteView blocks) {
  Bytes bytes{'R', 'a', 'r', '!', 0x1a, 7, 0};
  bytes.insert(bytes.end(), blocks.begin(), blocks.end());
  for (std::size_t at = 7; at + 7 <= bytes.size();) {
    const std::size_t size = bytes[at + 5] | static_cast<std::size_t>(bytes[at + 6]) << 8;
    if (size < 7 || size > bytes.size() - at) break;
    put(bytes, at, crc_of(bytes, at + 2, size - 2) & 0xffff, 2);
    at += size;
  }
  return bytes;
}

// Headers of one byte of size.
Bytes with_rar5_checksums(weir::ByteView blocks) {
  Bytes bytes{'R', 'a', 'r', '!', 0x1a, 7, 1, 0};
  bytes.insert(bytes.end(), blocks.begin(), blocks.end());
  for (std::size_t at = 8; at + 5 <= bytes.size();) {
    const std::size_t size = bytes[at + 4];
    if (size == 0 || size >= 0x80 || size > bytes.size() - at - 5) break;
    put(bytes, at, crc_of(bytes, at + 4, size + 1), 4);
    at += 5 + size;
  }
  return bytes;
}

void examine(weir::ByteView bytes) {
  const weir::Subject file{.bytes = bytes, .type = weir::FileType::unknown, .name = {}};
  weir::Remarks remarks;
  weir::examine_seven_zip(file, remarks);
  weir::examine_rar(file, remarks);
  weir::examine_other_archives(file, remarks);
  if (remarks.all().size() > weir::Remarks::kMost) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ByteView bytes(data, size);
  examine(bytes);
  examine(with_start_header(bytes));
  examine(with_rar4_checksums(bytes));
  examine(with_rar5_checksums(bytes));
  static_cast<void>(weir::read_seven_zip_streams(bytes));
  return 0;
}
