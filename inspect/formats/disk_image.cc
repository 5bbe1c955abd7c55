#include "inspect/formats/disk_image.h"

#include <algorithm>
#include <string>

#include "core/cursor.h"
#include "inspect/formats/disk_bytes.h"
#include "inspect/formats/disk_volumes.h"
#include "inspect/formats/udf_volume.h"

namespace weir {
namespace {

using namespace std::string_view_literals;

bool is_squashfs(ByteView file) {
  Cursor in(file);
  in.skip(28);
  const std::uint16_t major = in.u16le();
  return major >= 1 && major <= 4 && file.size() > 96;
}
bool is_old_squashfs(ByteView file) {  // big endian, until version 3
  Cursor in(file);
  in.skip(28);
  return in.u16be() <= 3 && file.size() > 96;
}
bool is_cramfs(ByteView file) {
  return file.size() > 76 && as_text(file.subspan(16, 16)) == "Compressed ROMFS";
}
bool is_elf(ByteView file) {
  return as_text(file).starts_with(
      "\x7F"
      "ELF");
}
bool is_sparse_dmg(ByteView file) {
  Cursor in(file);
  in.skip(4);
  return in.u32be() == 3 && file.size() >= 4096;
}
bool is_vmdk(ByteView file) {
  Cursor in(file);
  in.skip(4);
  const std::uint32_t version = in.u32le();
  return version >= 1 && version <= 3 && file.size() >= 512;
}

// Sources: QEMU's docs/interop (qcow2, vdi), VMware's Virtual Disk Format 5.0, Apple's UDIF
// trailer, the WIM white paper, kernel documentation of squashfs, cramfs and romfs, the AppImage
// draft.
struct Image {
  std::string_view name;
  std::uint32_t offset;
  std::string_view magic;
  bool (*holds)(ByteView file);
};
constexpr Image kImages[] = {
    {"vmdk", 0, "KDMV", is_vmdk},
    {"vmdk", 0, "COWD", is_vmdk},
    {"vdi", 0x40, "\x7F\x10\xDA\xBE"sv, nullptr},
    {"wim", 0, "MSWIM\0\0\0"sv, nullptr},
    {"wim", 0, "WLPWM\0\0\0"sv, nullptr},
    {"squashfs", 0, "hsqs", is_squashfs},
    {"squashfs", 0, "sqsh", is_old_squashfs},
    {"cramfs", 0, "\x45\x3D\xCD\x28", is_cramfs},
    {"romfs", 0, "-rom1fs-", nullptr},
    {"appimage", 8, "AI\x01", is_elf},
    {"appimage", 8, "AI\x02", is_elf},
    {"ewf", 0, "EVF\x09\x0D\x0A\xFF\0"sv, nullptr},
    {"parallels", 0, "WithoutFreeSpace", nullptr},
    {"dmg", 0, "sprs", is_sparse_dmg},
};

std::string_view text_at(ByteView file, std::uint64_t offset, std::size_t size) {
  Cursor in(file);
  in.seek(offset);
  return as_text(in.take(size));
}

bool is_udif(ByteView file) {
  constexpr std::size_t kTrailer = 512;
  if (file.size() < kTrailer || text_at(file, file.size() - kTrailer, 4) != "koly") return false;
  Cursor in(file.last(kTrailer));
  in.skip(8);
  return in.u32be() == kTrailer;
}

void examine_qcow(ByteView file, Remarks& remarks) {
  if (!as_text(file).starts_with("QFI\xFB")) return;
  Cursor in(file);
  in.seek(4);
  const std::uint32_t version = in.u32be();
  if (version < 1 || version > 3) return;
  in.seek(version == 1 ? 36 : 32);
  if (in.u32be() != 0) {
    remarks.unseen(Reason::encrypted, "qcow2-encrypted");
  } else {
    remarks.unseen(Reason::unsupported, version == 1 ? "qcow" : "qcow2");
  }
}

// Of a bridge readers see one side or the other, so both must be readable.
void examine_udf(ByteView file, Remarks& remarks) {
  if (says_udf(file) && !UdfVolume::of_file(file)) remarks.unseen(Reason::unsupported, "udf");
}

// What other readers or other examiners speak about.
bool is_covered(const DiskVolume& volume) {
  const std::string_view name = volume.file_system;
  if (name.empty() || name == "fat") return true;
  return volume.number == 0 && (name == "iso" || name == "udf" || name == "squashfs");
}

void examine_volumes(ByteView file, Remarks& remarks) {
  const bool declared = has_vhdx_magic(file) || has_vhd_footer(file);
  const std::string_view word = has_vhdx_magic(file) ? "vhdx" : "vhd";
  const auto disk = DiskBytes::of_file(file);
  if (!disk) {
    return remarks.unseen(Reason::unsupported, word, "a difference to another file, or damaged");
  }
  bool some = false;
  for (const DiskVolume& volume : read_volumes(*disk)) {
    some = some || !volume.file_system.empty();
    if (is_covered(volume)) continue;
    if (volume.encrypted) {
      remarks.unseen(Reason::encrypted, volume.file_system);
    } else {
      remarks.unseen(Reason::unsupported, std::string(disk_word(disk->layout())) + "-" +
                                              std::string(volume.file_system));
    }
  }
  if (declared && !some) remarks.unseen(Reason::unsupported, word, "no known file system");
}

}  // namespace

void examine_disk_image(const Subject& file, Remarks& remarks) {
  for (const Image& image : kImages) {
    if (text_at(file.bytes, image.offset, image.magic.size()) != image.magic) continue;
    if (image.holds != nullptr && !image.holds(file.bytes)) continue;
    remarks.unseen(Reason::unsupported, image.name);
  }
  if (is_udif(file.bytes)) remarks.unseen(Reason::unsupported, "dmg");
  examine_qcow(file.bytes, remarks);
  examine_udf(file.bytes, remarks);
  examine_volumes(file.bytes, remarks);
}

}  // namespace weir
