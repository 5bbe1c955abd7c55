// The header of a 7z archive as far as folders and their coders (7zFormat.txt, "Header
// structures"). Counts are bounded by the bytes that are there. Sans-io, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/bytes.h"
#include "core/cursor.h"

namespace weir {

struct SevenZipCoder {
  std::uint64_t method = 0;  // the id's bytes as a number
  ByteView id;
  std::uint64_t inputs = 1, outputs = 1;
  ByteView properties;
};

// What comes out of one coder goes into another; numbers are those of the folder's streams.
struct SevenZipBond {
  std::uint64_t input = 0, output = 0;
};

struct SevenZipFolder {
  std::vector<SevenZipCoder> coders;
  std::uint64_t outputs = 0, inputs = 0;  // streams
  std::vector<SevenZipBond> bonds;
  std::vector<std::uint64_t> packed_inputs;  // which inputs are read from the file, in order
  std::vector<std::uint64_t> unpacked;       // size of each output
  std::optional<std::uint32_t> crc;          // of what comes out at the end
  std::uint64_t entries = 1;                 // files in it

  const SevenZipCoder* find(std::uint64_t method) const;
};

struct SevenZipStreams {
  std::uint64_t packed_at = 0;  // behind the start header
  std::vector<std::uint64_t> packed;
  std::vector<SevenZipFolder> folders;
  // Where in the header this information begins and ends: behind its own id, before what says how
  // folders are divided into files.
  std::size_t begin = 0, end = 0;
};

struct SevenZipMethod {
  static constexpr std::uint64_t kCopy = 0, kLzma = 0x030101, kLzma2 = 0x21, kAes = 0x06F10701,
                                 kPpmd = 0x030401, kBzip2 = 0x040202, kDeflate = 0x040108;
};

// What begins with the property `Header` (1) or, if `encoded`, `EncodedHeader` (23); nullopt: it is
// not so, or broken.
enum class SevenZipHeaderKind : std::uint8_t { none, plain, encoded };
SevenZipHeaderKind seven_zip_header_kind(ByteView header);
std::optional<SevenZipStreams> read_seven_zip_streams(ByteView header);

// The numbers of the format: the first byte's leading ones say how many bytes follow.
std::uint64_t read_seven_zip_number(Cursor& in);

}  // namespace weir
