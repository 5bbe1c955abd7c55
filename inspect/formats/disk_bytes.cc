#include "inspect/formats/disk_bytes.h"

#include <algorithm>
#include <array>

#include "core/cursor.h"

namespace weir {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kFooter = 512;
constexpr std::string_view kCookie = "conectix";
constexpr std::array<std::uint8_t, 64 * 1024> kZeros{};

std::string_view text_at(ByteView file, std::uint64_t offset, std::size_t size) {
  Cursor in(file);
  in.seek(offset);
  return as_text(in.take(size));
}

// At the end; of dynamic disks a copy also stands at the beginning. Old writers leave out the
// footer's last byte.
ByteView vhd_footer(ByteView file) {
  for (const std::size_t size : {kFooter, kFooter - 1}) {
    if (file.size() >= size && text_at(file, file.size() - size, 8) == kCookie) {
      return file.last(size);
    }
  }
  if (file.size() >= 2 * kFooter && text_at(file, 0, 8) == kCookie) return file.first(kFooter);
  return {};
}

bool is_power_of_two(std::uint64_t value) { return value != 0 && (value & (value - 1)) == 0; }

// [MS-VHDX] 2.2.3, 2.6: identifiers as they lie in the file.
constexpr std::string_view kBatRegion =
    "\x66\x77\xC2\x2D\x23\xF6\x00\x42\x9D\x64\x11\x5E\x9B\xFD\x4A\x08"sv;
constexpr std::string_view kMetadataRegion =
    "\x06\xA2\x7C\x8B\x90\x47\x9A\x4B\xB8\xFE\x57\x5F\x05\x0F\x88\x6E"sv;
constexpr std::string_view kFileParameters =
    "\x37\x67\xA1\xCA\x36\xFA\x43\x4D\xB3\xB6\x33\xF0\xAA\x44\xE7\x6B"sv;
constexpr std::string_view kDiskSize =
    "\x24\x42\xA5\x2F\x1B\xCD\x76\x48\xB2\x11\x5D\xBE\xD8\x3B\xF4\xB8"sv;
constexpr std::string_view kSectorSize =
    "\x1D\xBF\x41\x81\x6F\xA9\x09\x47\xBA\x47\xF2\x33\xA8\xFA\xAB\x5F"sv;

// 2.2.3: the region's bytes.
ByteView vhdx_region(ByteView file, std::uint64_t table, std::string_view id) {
  Cursor in(file);
  in.seek(table);
  if (as_text(in.take(4)) != "regi") return {};
  in.skip(4);
  const std::uint32_t count = std::min<std::uint32_t>(in.u32le(), 2047);
  in.skip(4);
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const bool wanted = as_text(in.take(16)) == id;
    const std::uint64_t offset = in.u64le();
    const std::uint32_t size = in.u32le();
    in.skip(4);
    if (!wanted || in.failed()) continue;
    Cursor region(file);
    region.seek(offset);
    return region.take(std::min<std::uint64_t>(size, region.remaining()));
  }
  return {};
}

// 2.6.1: the item's bytes within the metadata region.
Cursor vhdx_item(ByteView metadata, std::string_view id) {
  Cursor in(metadata);
  if (as_text(in.take(8)) != "metadata") return Cursor({});
  in.skip(2);
  const std::uint16_t count = std::min<std::uint16_t>(in.u16le(), 2047);
  in.skip(20);
  for (std::uint16_t i = 0; i < count && in.ok(); ++i) {
    const bool wanted = as_text(in.take(16)) == id;
    const std::uint32_t offset = in.u32le(), size = in.u32le();
    in.skip(8);
    if (!wanted) continue;
    Cursor item(metadata);
    item.seek(offset);
    return item.sub(size);
  }
  return Cursor({});
}

// 2.2.2: of the two headers the one with the higher number counts; its log is to be replayed when
// it has an identifier.
bool has_pending_log(ByteView file) {
  std::uint64_t newest = 0;
  bool pending = false;
  for (const std::uint64_t at : {0x10000U, 0x20000U}) {
    Cursor in(file);
    in.seek(at);
    if (as_text(in.take(4)) != "head") continue;
    in.skip(4);
    const std::uint64_t number = in.u64le();
    in.skip(32);
    const ByteView log = in.take(16);
    if (in.failed() || number < newest) continue;
    newest = number;
    pending = std::ranges::any_of(log, [](std::uint8_t byte) { return byte != 0; });
  }
  return pending;
}

}  // namespace

bool has_vhd_footer(ByteView file) { return !vhd_footer(file).empty(); }
bool has_vhdx_magic(ByteView file) { return as_text(file).starts_with("vhdxfile"); }

std::string_view disk_word(DiskBytes::Layout layout) {
  switch (layout) {
    case DiskBytes::Layout::raw: return "disk";
    case DiskBytes::Layout::vhdx: return "vhdx";
    default: return "vhd";
  }
}

std::optional<DiskBytes> DiskBytes::of_file(ByteView file) {
  if (has_vhdx_magic(file)) return open_vhdx(file);
  const ByteView footer = vhd_footer(file);
  if (!footer.empty()) return open_vhd(file, footer);
  return DiskBytes(file);
}

std::optional<DiskBytes> DiskBytes::open_vhd(ByteView file, ByteView footer) {
  Cursor in(footer);
  in.seek(16);
  const std::uint64_t header_at = in.u64be();
  in.seek(48);
  const std::uint64_t size = in.u64be();
  in.seek(60);
  const std::uint32_t type = in.u32be();
  DiskBytes disk(file);
  if (type == 2) {
    disk.layout_ = Layout::vhd_fixed;
    disk.size_ = std::min<std::uint64_t>(size, file.size() - footer.size());
    return disk;
  }
  Cursor header(file);
  header.seek(header_at);
  if (type != 3 || as_text(header.take(8)) != "cxsparse") return std::nullopt;
  header.skip(8);
  const std::uint64_t table_at = header.u64be();
  header.skip(4);
  const std::uint64_t entries = header.u32be();
  disk.block_size_ = header.u32be();
  Cursor table(file);
  table.seek(table_at);
  disk.table_ = table.take(std::min<std::uint64_t>(entries * 4, table.remaining()));
  if (header.failed() || !is_power_of_two(disk.block_size_) || disk.block_size_ < 512) {
    return std::nullopt;
  }
  constexpr std::uint64_t kSectorBits = 512ULL * 8;
  disk.bitmap_size_ = (disk.block_size_ / 512 + kSectorBits - 1) / kSectorBits * 512;
  disk.layout_ = Layout::vhd_dynamic;
  disk.size_ = std::min(size, disk.table_.size() / 4 * disk.block_size_);
  return disk;
}

std::optional<DiskBytes> DiskBytes::open_vhdx(ByteView file) {
  if (has_pending_log(file)) return std::nullopt;
  constexpr std::uint64_t kFirstTable = 0x30000, kSecondTable = 0x40000;
  DiskBytes disk(file);
  ByteView metadata = vhdx_region(file, kFirstTable, kMetadataRegion);
  disk.table_ = vhdx_region(file, kFirstTable, kBatRegion);
  if (metadata.empty() || disk.table_.empty()) {
    metadata = vhdx_region(file, kSecondTable, kMetadataRegion);
    disk.table_ = vhdx_region(file, kSecondTable, kBatRegion);
  }
  Cursor parameters = vhdx_item(metadata, kFileParameters);
  disk.block_size_ = parameters.u32le();
  constexpr std::uint32_t kHasParent = 2;
  const bool has_parent = (parameters.u32le() & kHasParent) != 0;
  disk.size_ = vhdx_item(metadata, kDiskSize).u64le();
  const std::uint64_t sector = vhdx_item(metadata, kSectorSize).u32le();
  constexpr std::uint64_t kSmallestBlock = 1U << 20;
  const bool sane = is_power_of_two(disk.block_size_) && disk.block_size_ >= kSmallestBlock &&
                    (sector == 512 || sector == 4096);
  if (parameters.failed() || has_parent || !sane) return std::nullopt;
  disk.chunk_ = (sector << 23) / disk.block_size_;
  if (disk.chunk_ == 0) return std::nullopt;
  disk.size_ = std::min(disk.size_, disk.table_.size() / 8 * disk.block_size_);
  disk.layout_ = Layout::vhdx;
  return disk;
}

std::optional<std::uint64_t> DiskBytes::place_of_block(std::uint64_t block) const {
  Cursor in(table_);
  if (layout_ == Layout::vhd_dynamic) {
    in.seek(block * 4);
    const std::uint32_t sector = in.u32be();
    constexpr std::uint32_t kUnused = 0xFFFFFFFF;
    if (in.failed() || sector == kUnused) return std::nullopt;
    return sector * 512ULL + bitmap_size_;
  }
  in.seek((block + block / chunk_) * 8);
  const std::uint64_t entry = in.u64le();
  constexpr std::uint64_t kState = 7, kPresent = 6;
  if (in.failed() || (entry & kState) < kPresent) return std::nullopt;
  return entry >> 20 << 20;
}

ByteView DiskBytes::piece(std::uint64_t offset, std::size_t most) const {
  if (offset >= size_) return {};
  std::uint64_t size = std::min<std::uint64_t>(most, size_ - offset);
  std::uint64_t place = offset;
  if (layout_ == Layout::vhd_dynamic || layout_ == Layout::vhdx) {
    const std::uint64_t within = offset % block_size_;
    size = std::min(size, block_size_ - within);
    const auto block = place_of_block(offset / block_size_);
    if (!block) return ByteView(kZeros).first(std::min<std::uint64_t>(size, kZeros.size()));
    place = *block + within;
  }
  if (place >= file_.size()) return {};
  return file_.subspan(place, std::min<std::uint64_t>(size, file_.size() - place));
}

bool DiskBytes::copy(std::uint64_t offset, MutableBytes out) const {
  std::ranges::fill(out, std::uint8_t{0});
  std::size_t done = 0;
  while (done < out.size()) {
    const ByteView part = piece(offset + done, out.size() - done);
    if (part.empty()) break;
    std::ranges::copy(part, out.begin() + static_cast<std::ptrdiff_t>(done));
    done += part.size();
  }
  return done > 0;
}

}  // namespace weir
