// The sectors of a disk, whatever file they lie in: a raw image, a fixed or dynamic VHD
// (Microsoft's Virtual Hard Disk Image Format Specification), a VHDX ([MS-VHDX]). Nothing is
// copied: a piece is a view of the file, or of zeros where the image stores nothing. A plain value
// over memory that outlives it; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/bytes.h"

namespace weir {

class DiskBytes {
 public:
  enum class Layout : std::uint8_t { raw, vhd_fixed, vhd_dynamic, vhdx };

  // The disk in this file; nullopt when it is a VHD or VHDX that cannot be read: a difference to
  // another file, a pending log, a broken header. Any other file is a raw disk.
  static std::optional<DiskBytes> of_file(ByteView file);

  Layout layout() const { return layout_; }
  std::uint64_t size() const { return size_; }
  // What lies at `offset`, at most `most` bytes, at least one; empty beyond the end or when the
  // image lacks what it claims to hold.
  ByteView piece(std::uint64_t offset, std::size_t most) const;
  // Fills `out`, with zeros beyond the end; false when nothing is there.
  bool copy(std::uint64_t offset, MutableBytes out) const;

 private:
  explicit DiskBytes(ByteView file) : file_(file), size_(file.size()) {}
  static std::optional<DiskBytes> open_vhd(ByteView file, ByteView footer);
  static std::optional<DiskBytes> open_vhdx(ByteView file);
  // Where a block's data begins in the file; nullopt for a hole.
  std::optional<std::uint64_t> place_of_block(std::uint64_t block) const;

  ByteView file_;
  std::uint64_t size_ = 0;
  Layout layout_ = Layout::raw;
  ByteView table_;  // of blocks
  std::uint64_t block_size_ = 0;
  std::uint64_t bitmap_size_ = 0;  // before a VHD block's data
  std::uint64_t chunk_ = 0;        // VHDX: payload blocks between two bitmap entries
};

// "vhd", "vhdx", "disk"
std::string_view disk_word(DiskBytes::Layout layout);

// Whether the file ends with the footer of a VHD, or begins with it as dynamic ones do.
bool has_vhd_footer(ByteView file);
bool has_vhdx_magic(ByteView file);

}  // namespace weir
