#include "inspect/formats/disk_fat.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/cursor.h"
#include "core/utf16.h"

namespace weir {
namespace {

constexpr std::size_t kMostDirectory = 2U << 20;  // 65,536 entries, as the format has it

bool is_power_of_two(std::uint64_t value) { return value != 0 && (value & (value - 1)) == 0; }

// The numbers of a boot sector (section 3.1).
struct Geometry {
  std::uint64_t sector, cluster_sectors, reserved, tables, root_entries, sectors, table_sectors;
  std::uint32_t root_cluster;
  std::uint8_t jump, media;
};

Geometry read_boot_sector(ByteView boot) {
  Geometry g{};
  Cursor in(boot);
  g.jump = in.u8();
  in.seek(11);
  g.sector = in.u16le();
  g.cluster_sectors = in.u8();
  g.reserved = in.u16le();
  g.tables = in.u8();
  g.root_entries = in.u16le();
  g.sectors = in.u16le();
  g.media = in.u8();
  g.table_sectors = in.u16le();
  in.seek(32);
  const std::uint32_t large = in.u32le(), large_table = in.u32le();
  in.seek(44);
  g.root_cluster = in.u32le();
  if (g.sectors == 0) g.sectors = large;
  if (g.table_sectors == 0) g.table_sectors = large_table;
  return g;
}

bool is_sane(const Geometry& g) {
  return (g.jump == 0xEB || g.jump == 0xE9) && is_power_of_two(g.sector) && g.sector >= 512 &&
         g.sector <= 4096 && is_power_of_two(g.cluster_sectors) && g.reserved > 0 &&
         g.tables >= 1 && g.tables <= 4 && (g.media == 0xF0 || g.media >= 0xF8) && g.sectors > 0 &&
         g.table_sectors > 0;
}

// Section 7: the parts of a long name stand before the entry, the last one first.
class LongName {
 public:
  void add(ByteView raw) {
    constexpr std::uint8_t kLast = 0x40, kOrder = 0x1F;
    if ((raw[0] & kLast) != 0) parts_.clear();
    std::string units;
    for (const auto& [at, size] : {std::pair{1, 10}, {14, 12}, {28, 4}}) {
      units += as_text(raw.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(size)));
    }
    parts_[raw[0] & kOrder] = units;
  }
  std::string take() {
    std::string units;
    for (const auto& [order, part] : parts_) units += part;
    parts_.clear();
    for (std::size_t i = 0; i + 1 < units.size(); i += 2) {
      if (units[i] == 0 && units[i + 1] == 0) units.resize(i);
    }
    return utf8_from_utf16le(as_bytes(units));
  }

 private:
  std::map<int, std::string> parts_;
};

// Section 6.1; bits 3 and 4 of byte 12 are Windows NT's lower case.
std::string short_name(ByteView raw) {
  const auto part = [&](std::size_t at, std::size_t size, bool lower) {
    std::string text(as_text(raw.subspan(at, size)));
    text.resize(text.find_last_not_of(' ') + 1);
    if (lower) {
      for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    return text;
  };
  std::string name = part(0, 8, (raw[12] & 0x08) != 0);
  if (!name.empty() && name[0] == 0x05) name[0] = static_cast<char>(0xE5);
  const std::string extension = part(8, 3, (raw[12] & 0x10) != 0);
  return extension.empty() ? name : name + "." + extension;
}

}  // namespace

std::optional<FatVolume> FatVolume::at(const DiskBytes& disk, std::uint64_t offset,
                                       std::uint64_t size) {
  FatVolume volume(disk);
  if (!volume.read_geometry(offset, size)) return std::nullopt;
  return volume;
}

bool FatVolume::read_geometry(std::uint64_t offset, std::uint64_t size) {
  std::array<std::uint8_t, 512> boot{};
  if (size < boot.size() || !disk_.copy(offset, boot)) return false;
  const Geometry g = read_boot_sector(boot);
  if (!is_sane(g)) return false;
  const std::uint64_t root_sectors = (g.root_entries * 32 + g.sector - 1) / g.sector;
  const std::uint64_t before = g.reserved + g.tables * g.table_sectors + root_sectors;
  if (before >= g.sectors || before * g.sector >= size) return false;
  cluster_size_ = g.sector * g.cluster_sectors;
  clusters_ = (g.sectors - before) / g.cluster_sectors;
  bits_ = clusters_ < 4085 ? 12 : clusters_ < 65525 ? 16 : 32;
  table_ = offset + g.reserved * g.sector;
  root_ = table_ + g.tables * g.table_sectors * g.sector;
  root_size_ = g.root_entries * 32;
  data_ = offset + before * g.sector;
  root_cluster_ = g.root_cluster;
  // A table too small for its clusters, or clusters that are not there, cannot be followed.
  clusters_ = std::min(clusters_, g.table_sectors * g.sector * 8 / bits_);
  clusters_ = std::min(clusters_, (disk_.size() - data_) / cluster_size_ + 1);
  return clusters_ > 0 && (root_size_ > 0 || has_cluster(root_cluster_));
}

std::uint32_t FatVolume::after(std::uint32_t cluster) const {
  std::array<std::uint8_t, 4> raw{};
  disk_.copy(table_ + std::uint64_t{cluster} * bits_ / 8, raw);
  std::uint32_t next = Cursor(raw).u32le();
  if (bits_ == 12) next = (cluster % 2 == 0 ? next : next >> 4) & 0xFFF;
  if (bits_ == 16) next &= 0xFFFF;
  if (bits_ == 32) next &= 0x0FFFFFFF;
  return has_cluster(next) ? next : 0;
}

std::vector<std::uint8_t> FatVolume::directory_bytes(std::uint32_t cluster) const {
  std::vector<std::uint8_t> bytes;
  const auto append = [&](std::uint64_t place, std::uint64_t size) {
    const std::size_t old = bytes.size();
    bytes.resize(old + static_cast<std::size_t>(size));
    return disk_.copy(place, MutableBytes(bytes).subspan(old));
  };
  if (cluster == 0 && root_size_ > 0) {
    append(root_, root_size_);
    return bytes;
  }
  if (cluster == 0) cluster = root_cluster_;
  while (has_cluster(cluster) && bytes.size() < kMostDirectory) {
    if (!append(place_of(cluster), cluster_size_)) break;
    cluster = after(cluster);
  }
  return bytes;
}

std::vector<FatEntry> FatVolume::read_directory(std::uint32_t cluster) const {
  constexpr std::uint8_t kDeleted = 0xE5, kLabel = 0x08, kFolder = 0x10, kLongPart = 0x0F;
  std::vector<FatEntry> entries;
  const std::vector<std::uint8_t> bytes = directory_bytes(cluster);
  LongName long_name;
  for (std::size_t at = 0; at + 32 <= bytes.size(); at += 32) {
    const ByteView raw = ByteView(bytes).subspan(at, 32);
    const std::uint8_t attributes = raw[11];
    if (raw[0] == 0) break;
    if (raw[0] == kDeleted) continue;
    if ((attributes & 0x3F) == kLongPart) {
      long_name.add(raw);
      continue;
    }
    std::string name = long_name.take();
    if ((attributes & kLabel) != 0 || raw[0] == '.') continue;
    Cursor in(raw);
    in.seek(20);
    const std::uint32_t high = bits_ == 32 ? in.u16le() : 0;
    in.seek(26);
    const std::uint32_t low = in.u16le();
    entries.push_back({name.empty() ? short_name(raw) : name, high << 16 | low, in.u32le(),
                       (attributes & kFolder) != 0});
  }
  return entries;
}

}  // namespace weir
