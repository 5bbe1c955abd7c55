// The records of a ZIP (APPNOTE 6.3.10, 4.3 and 4.5): single reads, no judgement. Used by
// zip_structure.cc only. Views point into the file. Sans-io, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/bytes.h"
#include "core/cursor.h"

namespace weir {

struct ZipSignature {
  static constexpr std::uint32_t kLocal = 0x04034b50, kEntry = 0x02014b50, kEnd = 0x06054b50,
                                 kEnd64 = 0x06064b50, kLocator64 = 0x07064b50,
                                 kDescriptor =
                                     0x08074b50,  // also begins the first of several disks
      kArchiveExtra = 0x08064b50;
};

struct ZipFlag {
  static constexpr std::uint16_t kEncrypted = 1U << 0, kDescriptor = 1U << 3, kStrong = 1U << 6,
                                 kMasked = 1U << 13;
};

struct ZipMethod {
  static constexpr std::uint16_t kStored = 0, kDeflated = 8, kAes = 99;
};

// One entry, as its local or its central header has it.
struct ZipEntry {
  std::uint16_t flags = 0, method = 0, disk = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed = 0, size = 0, local = 0;
  ByteView name, extra;
  bool sizes_known = true;  // false: Zip64 values are missing

  bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
  bool is_directory() const { return !name.empty() && name.back() == '/' && size == 0; }
  // Nothing is in it, whatever encrypting it adds (a salt, a check value, a code).
  bool is_empty() const { return size == 0 && packed <= 64; }
};

// At the cursor, which then stands behind the header; nullopt: no header, or cut short.
std::optional<ZipEntry> read_zip_entry(Cursor& in);
std::optional<ZipEntry> read_zip_local(Cursor& in);

// The extra field of this id (4.5).
std::optional<ByteView> zip_extra(ByteView extra, std::uint16_t id);

// "zip-aes256"; empty when not encrypted. `algorithm`: of strong encryption, else empty.
struct ZipEncryption {
  std::string_view word, algorithm;
};
ZipEncryption zip_encryption(const ZipEntry& entry);

// The end record, its Zip64 form merged into it.
struct ZipEnd {
  std::uint64_t at = 0;             // of the end record
  std::uint64_t directory_end = 0;  // where the directory must end: at the (Zip64) end record
  std::uint64_t entries = 0, entries_here = 0, size = 0, offset = 0;
  std::uint16_t comment = 0;
  bool several_disks = false;
  bool directory_encrypted = false;  // by the Zip64 record, version 2 (7.3.4)
  bool two_answers = false;          // the Zip64 record contradicts the end record
};
std::optional<ZipEnd> read_zip_end(ByteView file, std::uint64_t at);

}  // namespace weir
