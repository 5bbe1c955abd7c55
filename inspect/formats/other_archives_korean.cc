// ALZ and EGG, of ALZip: the EGG specification 1.0 of ESTsoft; ALZ as unalz documents it.
#include "core/cursor.h"
#include "inspect/formats/archive_tally.h"
#include "inspect/formats/other_archives_formats.h"

namespace weir {
namespace {

constexpr std::uint32_t kAlz = 0x015A4C41, kAlzFile = 0x015A4C42;
constexpr std::uint8_t kAlzEncrypted = 0x01, kAlzDirectory = 0x10;
constexpr std::uint32_t kEgg = 0x41474745, kEggFile = 0x0A8590E3, kEggBlock = 0x02B50C13,
                        kEggEncrypt = 0x08D1470F, kEggSplit = 0x24F5A262, kEggEnd = 0x08E28222,
                        kEggWindows = 0x2C86950B, kEggName = 0x0A8591AC, kEggComment = 0x04C63672,
                        kEggPosix = 0x1EE922E5, kEggSolid = 0x24E5A060, kEggDummy = 0x07463307;

// The high half of a descriptor says how wide the sizes are: 0, 1, 2, 4 or 8 bytes.
std::uint64_t wide_number(Cursor& in, unsigned width) {
  switch (width) {
    case 1: return in.u8();
    case 2: return in.u16le();
    case 4: return in.u32le();
    default: return in.u64le();
  }
}

// False at the end of the entries.
bool count_alz(Cursor& in, ArchiveTally& tally) {
  if (in.u32le() != kAlzFile) return false;
  const std::uint16_t name = in.u16le();
  const std::uint8_t attributes = in.u8();
  in.skip(4);
  const std::uint8_t descriptor = in.u8();
  in.skip(1);
  std::uint64_t packed = 0, size = 0;
  if (const unsigned width = descriptor >> 4U; width != 0) {
    in.skip(1 + 1 + 4);  // method, nothing, checksum
    packed = wide_number(in, width), size = wide_number(in, width);
  }
  in.skip(name);
  const bool encrypted = (descriptor & kAlzEncrypted) != 0;
  if (encrypted) in.skip(12);
  in.skip(packed);
  if (size != 0 && (attributes & kAlzDirectory) == 0) tally.count(encrypted);
  return in.ok();
}

class Egg {
 public:
  explicit Egg(ByteView file) : in_(file) {}

  void examine(Remarks& remarks) {
    in_.skip(14);  // magic, version, id, nothing
    for (int i = 0; i < kMostOtherMembers && step(); ++i) {
    }
    count_file();
    tally_.report("egg-encrypted", remarks);
    if (split_) remarks.unseen(Reason::multi_volume, "egg-volume");
    remarks.unseen(Reason::unsupported, "egg");
  }

 private:
  void count_file() {
    if (in_file_ && size_ != 0) tally_.count(encrypted_);
    in_file_ = encrypted_ = false;
  }

  bool step() {
    switch (in_.u32le()) {
      case kEggFile:
        count_file();
        in_file_ = true;
        in_.skip(4);
        size_ = in_.u64le();
        return in_.ok();
      case kEggBlock: return skip_block();
      case kEggEncrypt: encrypted_ = true; return skip_field();
      case kEggSplit: split_ = true; return skip_split();
      case kEggWindows:
      case kEggName:
      case kEggComment:
      case kEggPosix:
      case kEggSolid:
      case kEggDummy: return skip_field();
      case kEggEnd: return in_.ok();
      default: return false;
    }
  }

  bool skip_field() {
    constexpr std::uint8_t kWideSize = 0x01;
    const bool wide = (in_.u8() & kWideSize) != 0;
    in_.skip(wide ? in_.u32le() : in_.u16le());
    return in_.ok();
  }

  // Names the volume before and after: zeros of an archive that is whole.
  bool skip_split() {
    in_.skip(1);
    Cursor field = in_.sub(in_.u16le());
    const std::uint32_t before = field.u32le(), after = field.u32le();
    split_ = before != 0 || after != 0;
    return in_.ok();
  }

  bool skip_block() {
    in_.skip(2 + 4);  // method, hint, size
    const std::uint32_t packed = in_.u32le();
    in_.skip(4);
    if (in_.u32le() != kEggEnd) return false;
    in_.skip(packed);
    return in_.ok();
  }

  Cursor in_;
  ArchiveTally tally_;
  std::uint64_t size_ = 0;
  bool in_file_ = false, encrypted_ = false, split_ = false;
};

}  // namespace

void examine_alz(ByteView file, Remarks& remarks) {
  Cursor in(file);
  if (in.u32le() != kAlz) return;
  in.skip(4);
  ArchiveTally tally;
  for (int i = 0; i < kMostOtherMembers && count_alz(in, tally); ++i) {
  }
  tally.report("alz-encrypted", remarks);
  remarks.unseen(Reason::unsupported, "alz");
}

void examine_egg(ByteView file, Remarks& remarks) {
  if (Cursor(file).u32le() == kEgg) Egg(file).examine(remarks);
}

}  // namespace weir
