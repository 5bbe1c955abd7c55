// A UDF volume (ECMA-167 part 3 and 4; OSTA UDF 1.02 to 2.60) in an image of its own or beside an
// ISO 9660 one: Windows mounts the UDF side of such a bridge. Blocks of 512 to 4096 bytes,
// partitions that lie on the disk as they are; virtual, sparable and metadata partitions are not
// read. All places are checked against the file; an allocation that does not fit is what is
// missing. A plain value over memory that outlives it; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"

namespace weir {

// Where something begins: a block of a partition (ECMA-167 4/7.1).
struct UdfPlace {
  std::uint32_t block = 0;
  std::uint16_t partition = 0;
  auto operator<=>(const UdfPlace&) const = default;
};

// A run of bytes of the file, or of zeros that were never recorded.
struct UdfExtent {
  std::uint64_t offset = 0, size = 0;
  bool recorded = true;
};

// A file or directory (4/14.9, 4/14.17).
struct UdfNode {
  bool directory = false;
  std::uint64_t size = 0;
  std::vector<UdfExtent> extents;
  bool whole = true;  // the extents cover the size
};

struct UdfEntry {
  std::string name;  // UTF-8
  UdfPlace place;
  bool directory = false;
};

// Whether a volume recognition sequence says that there is UDF (2/9.1, NSR02 or NSR03).
bool says_udf(ByteView file);

class UdfVolume {
 public:
  // nullopt: no UDF volume that can be read.
  static std::optional<UdfVolume> of_file(ByteView file);

  UdfPlace root() const { return root_; }
  std::optional<UdfNode> read_node(UdfPlace place) const;
  // Deleted entries and the one that leads up are left out; at most kMostEntries.
  std::vector<UdfEntry> read_directory(const UdfNode& node) const;
  // Of one extent, a piece from `skip` on, at most `most` bytes.
  ByteView piece(const UdfExtent& extent, std::uint64_t skip, std::size_t most) const;

  static constexpr std::size_t kMostEntries = 100'000, kMostExtents = 65'536;

 private:
  explicit UdfVolume(ByteView file) : file_(file) {}
  bool read_volume(std::uint64_t block_size);
  bool read_sequence(ByteView sequence);
  void read_partition_maps(ByteView descriptor);
  ByteView block_at(UdfPlace place) const;
  std::optional<std::uint64_t> offset_of(UdfPlace place) const;
  void add_extents(ByteView descriptors, unsigned kind, std::uint16_t partition,
                   UdfNode& node) const;
  std::vector<std::uint8_t> bytes_of(const UdfNode& node, std::size_t most) const;

  struct Partition {
    std::uint16_t number = 0;
    std::uint64_t start = 0, blocks = 0;
  };
  ByteView file_;
  std::uint64_t block_size_ = 0;
  std::vector<Partition> partitions_;           // as descriptors describe them
  std::vector<std::optional<Partition>> maps_;  // as places refer to them; nullopt: not read
  UdfPlace file_set_, root_;
};

}  // namespace weir
