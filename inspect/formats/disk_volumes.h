// The volumes of a disk: the entries of an MBR with its chain of logical ones, of a GPT (UEFI 2.10
// section 5), or the whole disk when a file system begins at its first sector; and which file
// system each holds, by its superblock. Sans-io, any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "inspect/formats/disk_bytes.h"

namespace weir {

struct DiskVolume {
  std::uint64_t offset = 0, size = 0;
  unsigned number = 0;  // of the partition, from 1; 0: the whole disk
  // "fat", "exfat", "ntfs", "ext", …, "iso"; "luks2" and the like when `encrypted`; empty when not
  // recognised.
  std::string_view file_system = {};
  bool encrypted = false;
};

// Empty when the disk has neither a file system nor a plausible partition table.
std::vector<DiskVolume> read_volumes(const DiskBytes& disk);

}  // namespace weir
