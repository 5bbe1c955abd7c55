// ACE 1 and 2 ("Technical information of the archiver ACE" 1.2): blocks with a checksum, a size, a
// type and flags. The marker stands seven bytes into the first one.
#include <zlib.h>

#include "core/cursor.h"
#include "inspect/formats/archive_tally.h"
#include "inspect/formats/other_archives_formats.h"

namespace weir {
namespace {

constexpr std::uint8_t kFile32 = 1, kFile64 = 3;
constexpr std::uint16_t kHasData = 0x0001, kData64 = 0x0004, kMainVolume = 0x0800,
                        kFromBefore = 0x1000, kGoesOn = 0x2000, kPassword = 0x4000;

struct Block {
  std::uint8_t type = 0;
  std::uint16_t flags = 0;
  std::uint64_t data = 0, size = 0;
  bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
  bool is_file() const { return type == kFile32 || type == kFile64; }
};

// False at the end and for what is none: the checksum is the low half of an uncomplemented CRC.
bool read_block(Cursor& in, Block& block) {
  const std::uint16_t crc = in.u16le();
  const ByteView header = in.take(in.u16le());
  if (in.failed() || (~crc32_z(0, header.data(), header.size()) & 0xffff) != crc) return false;
  Cursor fields(header);
  block.type = fields.u8();
  block.flags = fields.u16le();
  const bool wide = block.type == kFile64 || block.has(kData64);
  if (block.has(kHasData)) block.data = wide ? fields.u64le() : fields.u32le();
  block.size = wide ? fields.u64le() : fields.u32le();
  return fields.ok();
}

}  // namespace

void examine_ace(ByteView file, Remarks& remarks) {
  Cursor in(file);
  in.skip(7);
  if (as_text(in.take(7)) != "**ACE**") return;
  in.seek(0);
  Block block;
  bool volume = read_block(in, block) && block.has(kMainVolume);
  ArchiveTally tally;
  for (int i = 0; i < kMostOtherMembers; ++i) {
    in.skip(block.data);
    block = {};
    if (!read_block(in, block)) break;
    if (!block.is_file()) continue;
    volume = volume || block.has(kFromBefore) || block.has(kGoesOn);
    if (block.size != 0) tally.count(block.has(kPassword));
  }
  tally.report("ace-encrypted", remarks);
  if (volume) remarks.unseen(Reason::multi_volume, "ace-volume");
  remarks.unseen(Reason::unsupported, "ace");
}

}  // namespace weir
