// Images of disks and file systems. FAT volumes, in raw images, VHD and VHDX, are opened: a file in
// them arrives without the mark of the web. What nothing of ours can open is unsupported, by name.
// ISO 9660 is libarchive's. Sans-io, any thread.
#pragma once

#include <memory>

#include "inspect/formats/container.h"
#include "inspect/formats/remark.h"

namespace weir {

// unsupported: "vhd", "vhdx" (no readable volume), "vhd-ntfs", "disk-ext" and so on by file system,
// "vmdk", "qcow2", "vdi", "dmg", "wim", "squashfs", "cramfs", "appimage", "udf", …
// encrypted: "qcow2-encrypted", "luks2", "bitlocker" and so on in a partition.
void examine_disk_image(const Subject& file, Remarks& remarks);

// The files of every FAT volume.
std::unique_ptr<Container> open_disk_image(const Subject& file, Reason& problem);

}  // namespace weir
