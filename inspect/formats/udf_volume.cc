#include "inspect/formats/udf_volume.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/cursor.h"
#include "core/utf16.h"

namespace weir {
namespace {

// Tag identifiers, ECMA-167 3/7.2.1 and 4/7.2.1.
enum Tag : std::uint16_t {
  kAnchor = 2,
  kPartition = 5,
  kLogicalVolume = 6,
  kTerminator = 8,
  kFileSet = 256,
  kFileIdentifier = 257,
  kAllocationExtent = 258,
  kFileEntry = 261,
  kExtendedFileEntry = 266,
};

constexpr std::size_t kMostDescriptors = 64, kMostMaps = 16;
constexpr std::size_t kMostDirectory = 64U << 20;
constexpr std::uint32_t kLength = 0x3fffffff;  // of an allocation; its two high bits are the kind
constexpr std::uint64_t kPiece = 1U << 20;

// The identifier of a descriptor whose tag adds up (3/7.2.3); 0: none.
std::uint16_t tag_of(ByteView at) {
  if (at.size() < 16) return 0;
  unsigned sum = 0;
  for (std::size_t i = 0; i < 16; ++i) sum += i == 4 ? 0U : at[i];
  if ((sum & 0xffU) != at[4]) return 0;
  return Cursor(at).u16le();
}

std::uint16_t u16_at(ByteView bytes, std::size_t at) {
  Cursor in(bytes);
  in.seek(at);
  return in.u16le();
}
std::uint32_t u32_at(ByteView bytes, std::size_t at) {
  Cursor in(bytes);
  in.seek(at);
  return in.u32le();
}
std::uint64_t u64_at(ByteView bytes, std::size_t at) {
  Cursor in(bytes);
  in.seek(at);
  return in.u64le();
}

UdfPlace place_at(ByteView bytes, std::size_t at) {
  return {u32_at(bytes, at), u16_at(bytes, at + 4)};
}

ByteView part(ByteView bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset >= bytes.size()) return {};
  return bytes.subspan(
      static_cast<std::size_t>(offset),
      static_cast<std::size_t>(std::min<std::uint64_t>(size, bytes.size() - offset)));
}

// OSTA CS0 (UDF 2.1.1): one byte says how wide the characters are.
std::string name_of(ByteView coded) {
  if (coded.empty()) return {};
  const bool wide = coded.front() == 16 || coded.front() == 255;
  std::vector<std::uint8_t> little;
  for (std::size_t i = 1; i < coded.size(); ++i) {
    if (wide && i + 1 < coded.size()) {
      little.insert(little.end(), {coded[i + 1], coded[i]});
      ++i;
    } else if (!wide) {
      little.insert(little.end(), {coded[i], 0});
    }
  }
  return utf8_from_utf16le(little);
}

}  // namespace

bool says_udf(ByteView file) {
  constexpr std::uint64_t kSector = 2048;
  for (std::uint64_t i = 16; i < 64; ++i) {
    const std::string_view id = as_text(part(file, i * kSector + 1, 5));
    if (id == "NSR02" || id == "NSR03") return true;
    if (id.size() < 5 || id == "TEA01") return false;
  }
  return false;
}

std::optional<UdfVolume> UdfVolume::of_file(ByteView file) {
  if (!says_udf(file)) return std::nullopt;
  for (const std::uint64_t block_size : {2048U, 512U, 4096U, 1024U}) {
    UdfVolume volume(file);
    if (volume.read_volume(block_size)) return volume;
  }
  return std::nullopt;
}

// 3/8.4.2: the anchor lies at block 256, or 256 before the end, or at the end.
bool UdfVolume::read_volume(std::uint64_t block_size) {
  block_size_ = block_size;
  const std::uint64_t blocks = file_.size() / block_size;
  if (blocks <= 257) return false;
  for (const std::uint64_t at : {std::uint64_t{256}, blocks - 257, blocks - 1}) {
    const ByteView anchor = part(file_, at * block_size, block_size);
    if (tag_of(anchor) != kAnchor || u32_at(anchor, 12) != at) continue;
    for (const std::size_t extent : {16U, 24U}) {  // the main sequence, and its copy
      const std::uint64_t offset = std::uint64_t{u32_at(anchor, extent + 4)} * block_size;
      if (read_sequence(part(file_, offset, u32_at(anchor, extent)))) return true;
    }
  }
  return false;
}

bool UdfVolume::read_sequence(ByteView sequence) {
  partitions_.clear();
  maps_.clear();
  ByteView logical;
  for (std::size_t i = 0; i < kMostDescriptors; ++i) {
    const ByteView descriptor = part(sequence, i * block_size_, block_size_);
    const std::uint16_t tag = tag_of(descriptor);
    if (descriptor.empty() || tag == kTerminator) break;
    if (tag == kPartition) {
      partitions_.push_back(
          {u16_at(descriptor, 22), u32_at(descriptor, 188), u32_at(descriptor, 192)});
    }
    if (tag == kLogicalVolume) logical = descriptor;
  }
  if (logical.empty() || u32_at(logical, 212) != block_size_) return false;
  read_partition_maps(logical);
  file_set_ = place_at(logical, 248 + 4);
  const ByteView file_set = block_at(file_set_);
  if (tag_of(file_set) != kFileSet) return false;
  root_ = place_at(file_set, 400 + 4);
  const auto node = read_node(root_);
  return node && node->directory;
}

// 3/10.7: type 1 is a partition as it lies there; type 2 is described elsewhere.
void UdfVolume::read_partition_maps(ByteView descriptor) {
  Cursor in(descriptor);
  in.seek(440);
  Cursor table = in.sub(std::min<std::uint64_t>(u32_at(descriptor, 264), in.remaining()));
  while (table.remaining() >= 2 && maps_.size() < kMostMaps) {
    const std::uint8_t type = table.u8(), length = table.u8();
    if (length < 2) break;
    const ByteView map = table.take(length - 2U);
    std::optional<Partition> known;
    for (const Partition& partition : partitions_) {
      if (type == 1 && map.size() >= 4 && partition.number == u16_at(map, 2)) known = partition;
    }
    maps_.push_back(known);
  }
}

std::optional<std::uint64_t> UdfVolume::offset_of(UdfPlace place) const {
  if (place.partition >= maps_.size() || !maps_[place.partition]) return std::nullopt;
  const Partition& partition = *maps_[place.partition];
  if (place.block >= partition.blocks) return std::nullopt;
  return (partition.start + place.block) * block_size_;
}

ByteView UdfVolume::block_at(UdfPlace place) const {
  const auto offset = offset_of(place);
  return offset ? part(file_, *offset, block_size_) : ByteView{};
}

std::optional<UdfNode> UdfVolume::read_node(UdfPlace place) const {
  const ByteView entry = block_at(place);
  const std::uint16_t tag = tag_of(entry);
  if (tag != kFileEntry && tag != kExtendedFileEntry) return std::nullopt;
  const std::size_t lengths = tag == kFileEntry ? 168 : 208;
  UdfNode node;
  node.directory = entry[27] == 4;  // 4/14.6.6
  node.size = u64_at(entry, 56);
  const std::uint64_t at = lengths + 8 + std::uint64_t{u32_at(entry, lengths)};
  const ByteView descriptors = part(entry, at, u32_at(entry, lengths + 4));
  const unsigned kind = u16_at(entry, 34) & 7U;  // 4/14.6.8
  if (kind == 3) {
    const auto offset = static_cast<std::uint64_t>(descriptors.data() - file_.data());
    if (!descriptors.empty()) node.extents.push_back({offset, descriptors.size(), true});
  } else {
    add_extents(descriptors, kind, place.partition, node);
  }
  std::uint64_t covered = 0;
  for (UdfExtent& extent : node.extents) {
    extent.size = std::min(extent.size, node.size - covered);
    covered += extent.size;
  }
  node.whole = node.whole && covered == node.size;
  return node;
}

// 4/14.14.1 and 4/14.14.2; the kind 3 of an allocation leads to more of them (4/14.5).
void UdfVolume::add_extents(ByteView descriptors, unsigned kind, std::uint16_t partition,
                            UdfNode& node) const {
  const std::size_t step = kind == 0 ? 8 : 16;
  node.whole = kind <= 1;
  for (std::size_t chained = 0; node.whole && chained < kMostExtents; ++chained) {
    ByteView more;
    for (; descriptors.size() >= step && more.empty(); descriptors = descriptors.subspan(step)) {
      const std::uint32_t word = u32_at(descriptors, 0);
      const std::uint64_t size = word & kLength;
      if (size == 0) return;
      const UdfPlace place =
          kind == 0 ? UdfPlace{u32_at(descriptors, 4), partition} : place_at(descriptors, 4);
      const auto offset = offset_of(place);
      const unsigned state = word >> 30;
      if (state == 3) {
        const ByteView block = block_at(place);
        if (tag_of(block) != kAllocationExtent) node.whole = false;
        more = part(block, 24, u32_at(block, 20));
        if (more.empty()) return;
        continue;
      }
      const bool recorded = state == 0;
      const bool fits =
          !recorded || (offset && *offset < file_.size() && size <= file_.size() - *offset);
      if (!fits || node.extents.size() >= kMostExtents) {
        node.whole = false;
        return;
      }
      node.extents.push_back({recorded ? *offset : 0, size, recorded});
    }
    if (more.empty()) return;
    descriptors = more;
  }
}

ByteView UdfVolume::piece(const UdfExtent& extent, std::uint64_t skip, std::size_t most) const {
  static constexpr std::array<std::uint8_t, 64 * 1024> kZeros{};
  const std::uint64_t left =
      std::min<std::uint64_t>(extent.size - std::min(extent.size, skip), most);
  if (!extent.recorded) return part(kZeros, 0, left);
  return part(file_, extent.offset + skip, std::min(left, kPiece));
}

std::vector<std::uint8_t> UdfVolume::bytes_of(const UdfNode& node, std::size_t most) const {
  std::vector<std::uint8_t> bytes;
  for (const UdfExtent& extent : node.extents) {
    std::uint64_t done = 0;
    while (done < extent.size && bytes.size() < most) {
      const ByteView next = piece(extent, done, most - bytes.size());
      if (next.empty()) return bytes;
      bytes.insert(bytes.end(), next.begin(), next.end());
      done += next.size();
    }
  }
  return bytes;
}

// 4/14.4
std::vector<UdfEntry> UdfVolume::read_directory(const UdfNode& node) const {
  constexpr unsigned kDirectory = 2, kDeleted = 4, kParent = 8;
  std::vector<UdfEntry> entries;
  const std::vector<std::uint8_t> bytes = bytes_of(node, kMostDirectory);
  ByteView left(bytes);
  while (tag_of(left) == kFileIdentifier && left.size() >= 38 && entries.size() < kMostEntries) {
    const unsigned flags = left[18];
    const std::size_t name = left[19], own = u16_at(left, 36);
    const std::size_t size = (38 + own + name + 3) / 4 * 4;
    if ((flags & (kDeleted | kParent)) == 0) {
      entries.push_back(
          {name_of(part(left, 38 + own, name)), place_at(left, 20 + 4), (flags & kDirectory) != 0});
    }
    left = left.subspan(std::min(size, left.size()));
  }
  return entries;
}

}  // namespace weir
