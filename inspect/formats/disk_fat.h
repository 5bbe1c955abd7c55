// A FAT12, FAT16 or FAT32 volume (Microsoft's FAT32 File System Specification, ECMA-107): its
// geometry, its chains of clusters, its directories with long names. All numbers are checked
// against the disk: a chain ends after as many clusters as there are. A plain value; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inspect/formats/disk_bytes.h"

namespace weir {

struct FatEntry {
  std::string name;
  std::uint32_t cluster = 0;
  std::uint32_t size = 0;
  bool directory = false;
};

class FatVolume {
 public:
  // nullopt when no FAT volume begins at `offset` of the disk.
  static std::optional<FatVolume> at(const DiskBytes& disk, std::uint64_t offset,
                                     std::uint64_t size);

  std::uint64_t cluster_size() const { return cluster_size_; }
  std::uint64_t size() const { return clusters_ * cluster_size_; }
  bool has_cluster(std::uint32_t cluster) const { return cluster >= 2 && cluster - 2 < clusters_; }
  // Offset on the disk; `cluster` exists.
  std::uint64_t place_of(std::uint32_t cluster) const {
    return data_ + (cluster - 2) * cluster_size_;
  }
  // The next one of a chain; 0 at its end and when it is broken.
  std::uint32_t after(std::uint32_t cluster) const;

  // The entries of a directory, `cluster` 0 meaning the root; deleted ones, labels, "." and ".."
  // left out.
  std::vector<FatEntry> read_directory(std::uint32_t cluster) const;

 private:
  explicit FatVolume(const DiskBytes& disk) : disk_(disk) {}
  bool read_geometry(std::uint64_t offset, std::uint64_t size);
  std::vector<std::uint8_t> directory_bytes(std::uint32_t cluster) const;

  DiskBytes disk_;
  unsigned bits_ = 12;
  std::uint64_t table_ = 0, root_ = 0, data_ = 0;  // offsets on the disk
  std::uint64_t root_size_ = 0;                    // 0: the root is a chain
  std::uint64_t cluster_size_ = 0, clusters_ = 0;
  std::uint32_t root_cluster_ = 0;
};

}  // namespace weir
