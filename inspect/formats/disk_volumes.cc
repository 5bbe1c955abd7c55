#include "inspect/formats/disk_volumes.h"

#include <algorithm>
#include <array>

#include "core/cursor.h"
#include "inspect/formats/disk_fat.h"
#include "inspect/formats/sealed.h"

namespace weir {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kSector = 512;
constexpr std::size_t kMostVolumes = 128;

struct Superblock {
  std::string_view file_system;
  std::uint32_t offset;
  std::string_view magic;
  bool (*holds)(ByteView head);
};

// The superblock's numbers must make sense: two bytes are no evidence.
bool is_ext(ByteView head) {
  Cursor in(head);
  in.seek(1024);
  const std::uint32_t inodes = in.u32le(), blocks = in.u32le();
  in.seek(1024 + 24);
  const std::uint32_t log_block = in.u32le();
  in.seek(1024 + 58);
  const std::uint16_t state = in.u16le();
  in.seek(1024 + 76);
  const std::uint32_t revision = in.u32le();
  return inodes > 0 && blocks > 0 && log_block <= 6 && state <= 7 && revision <= 1;
}

bool is_hfs(ByteView head) {
  Cursor in(head);
  in.seek(1024 + 2);
  const std::uint16_t version = in.u16be();
  in.seek(1024 + 40);
  const std::uint32_t block = in.u32be();
  return (version == 4 || version == 5) && block >= 512 && (block & (block - 1)) == 0;
}

constexpr Superblock kSuperblocks[] = {
    {"ntfs", 3, "NTFS    ", nullptr},
    {"exfat", 3, "EXFAT   ", nullptr},
    {"refs", 3, "ReFS\0\0\0\0"sv, nullptr},
    {"ext", 1080, "\x53\xEF", is_ext},
    {"xfs", 0, "XFSB\0\0"sv, nullptr},
    {"hfs", 1024, "H+", is_hfs},
    {"hfs", 1024, "HX", is_hfs},
    {"apfs", 32, "NXSB", nullptr},
    {"f2fs", 1024, "\x10\x20\xF5\xF2", nullptr},
    {"lvm", 512, "LABELONE", nullptr},
    {"btrfs", 0x10040, "_BHRfS_M", nullptr},
    {"iso", 0x8001, "CD001", nullptr},
    {"udf", 0x8001, "BEA01", nullptr},
    {"squashfs", 0, "hsqs", nullptr},
};
constexpr std::size_t kSuperblockEnd = 0x10040 + 8;

class Reader {
 public:
  explicit Reader(const DiskBytes& disk) : disk_(disk) {}

  std::vector<DiskVolume> read() {
    DiskVolume whole{0, disk_.size()};
    recognise(whole);
    if (!whole.file_system.empty()) return {whole};
    for (const std::uint64_t sector : {512U, 4096U}) {
      sector_ = sector;
      if (!read_mbr() || !volumes_.empty()) break;
    }
    for (DiskVolume& volume : volumes_) recognise(volume);
    return volumes_;
  }

 private:
  void recognise(DiskVolume& volume) const {
    std::array<std::uint8_t, kSuperblockEnd> head{};
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(volume.size, head.size()));
    if (room < kSector || !disk_.copy(volume.offset, MutableBytes(head).first(room))) return;
    volume.file_system = sealed_volume(head);
    volume.encrypted = !volume.file_system.empty();
    if (volume.encrypted) return;
    for (const Superblock& block : kSuperblocks) {
      const std::string_view at = as_text(head).substr(block.offset, block.magic.size());
      if (at != block.magic || (block.holds != nullptr && !block.holds(head))) continue;
      volume.file_system = block.file_system;
      return;
    }
    if (FatVolume::at(disk_, volume.offset, volume.size)) volume.file_system = "fat";
  }

  void add(std::uint64_t first, std::uint64_t count) {
    const std::uint64_t sectors = disk_.size() / sector_;
    if (volumes_.size() >= kMostVolumes || first == 0 || first >= sectors || count == 0) return;
    const std::uint64_t size = std::min(count, sectors - first) * sector_;
    volumes_.push_back({first * sector_, size, static_cast<unsigned>(volumes_.size() + 1)});
  }

  // False: no such table.
  bool read_mbr() {
    std::array<std::uint8_t, kSector> sector{};
    if (!disk_.copy(0, sector) || sector[510] != 0x55 || sector[511] != 0xAA) return false;
    if (!entries_are_sane(sector)) return false;
    Cursor in(sector);
    in.seek(446);
    for (int i = 0; i < 4; ++i) add_entry(in);
    return true;
  }

  static bool entries_are_sane(const std::array<std::uint8_t, kSector>& sector) {
    bool some = false;
    for (std::size_t at = 446; at < 510; at += 16) {
      Cursor in(ByteView(sector).subspan(at, 16));
      const std::uint8_t status = in.u8();
      in.skip(3);
      const std::uint8_t type = in.u8();
      in.skip(3);
      const std::uint32_t first = in.u32le(), count = in.u32le();
      if ((status & 0x7F) != 0) return false;
      if (type != 0 && (first == 0) != (count == 0)) return false;
      some = some || (type != 0 && count != 0);
    }
    return some;
  }

  void add_entry(Cursor& in) {
    in.skip(4);
    const std::uint8_t type = in.u8();
    in.skip(3);
    const std::uint32_t first = in.u32le(), count = in.u32le();
    constexpr std::uint8_t kExtended = 0x05, kExtendedLba = 0x0F, kLinuxExtended = 0x85,
                           kProtective = 0xEE;
    if (type == kProtective) return read_gpt();
    if (type == kExtended || type == kExtendedLba || type == kLinuxExtended) {
      return read_logical(first);
    }
    if (type != 0) add(first, count);
  }

  void read_logical(std::uint64_t base) {
    std::uint64_t at = base;
    for (std::size_t i = 0; i < kMostVolumes; ++i) {
      std::array<std::uint8_t, kSector> sector{};
      if (!disk_.copy(at * sector_, sector) || sector[510] != 0x55 || sector[511] != 0xAA) return;
      Cursor in(sector);
      in.seek(446 + 8);
      const std::uint64_t first = in.u32le(), count = in.u32le();
      in.skip(8);
      const std::uint64_t next = in.u32le();
      add(at + first, count);
      if (next == 0 || base + next <= at) return;
      at = base + next;
    }
  }

  void read_gpt() {
    std::array<std::uint8_t, kSector> header{};
    if (!disk_.copy(sector_, header)) return;
    Cursor in(header);
    if (as_text(in.take(8)) != "EFI PART") return;
    in.seek(72);
    const std::uint64_t table = in.u64le();
    const std::uint64_t count = std::min<std::uint32_t>(in.u32le(), kMostVolumes);
    const std::uint64_t size = in.u32le();
    if (size < 128 || size > 4096 || table > disk_.size() / sector_) return;
    for (std::uint64_t i = 0; i < count; ++i) {
      std::array<std::uint8_t, 128> raw{};
      if (!disk_.copy(table * sector_ + i * size, raw)) return;
      Cursor entry(raw);
      const ByteView type = entry.take(16);
      entry.skip(16);
      const std::uint64_t first = entry.u64le(), last = entry.u64le();
      const bool used = std::ranges::any_of(type, [](std::uint8_t byte) { return byte != 0; });
      if (used && last >= first) add(first, last - first + 1);
    }
  }

  const DiskBytes& disk_;
  std::uint64_t sector_ = kSector;
  std::vector<DiskVolume> volumes_;
};

}  // namespace

std::vector<DiskVolume> read_volumes(const DiskBytes& disk) { return Reader(disk).read(); }

}  // namespace weir
