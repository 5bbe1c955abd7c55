#include "core/cursor.h"
#include "inspect/formats/rar.h"
#include "inspect/formats/rar_blocks.h"

namespace weir {
namespace {

constexpr RarNames kNames{"rar4-volume", "rar4-truncated", "rar4-corrupt"};

// Block types and flags of technote 4.20.
constexpr std::uint8_t kMain = 0x73, kFile = 0x74, kSub = 0x7a, kEnd = 0x7b, kLowest = 0x72,
                       kHighest = 0x7b;
constexpr std::uint16_t kLongBlock = 0x8000;
constexpr std::uint16_t kMainVolume = 0x0001, kMainComment = 0x0002, kMainEncrypted = 0x0080,
                        kMainFirst = 0x0100;
constexpr std::uint16_t kFileBefore = 0x0001, kFileAfter = 0x0002, kFileEncrypted = 0x0004,
                        kFileComment = 0x0008, kFileDirectory = 0x00e0, kFileLarge = 0x0100;
constexpr std::uint16_t kEndMore = 0x0001;
constexpr std::uint8_t kAesFrom = 29;  // the version needed to extract: RAR 2.9

struct Block {
  std::uint8_t type = 0;
  std::uint16_t flags = 0;
  ByteView header;  // behind the seven bytes that all have
  std::uint64_t data = 0;
  bool crc_ok = false;
  bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
};

class Rar4 {
 public:
  Rar4(ByteView blocks, Remarks& remarks) : in_(blocks), remarks_(remarks) {}

  void examine() {
    for (std::uint32_t i = 0; i < kMostRarBlocks && !facts_.ended && !in_.at_end(); ++i) {
      if (!step()) break;
    }
    report_rar(facts_, kNames, in_.rest(), remarks_);
  }

 private:
  // False: no more can be read, and why is said.
  bool step() {
    Block block;
    const bool there = read(block);
    if (!there || block.type < kLowest || block.type > kHighest) {
      return stop(there ? Reason::corrupt : Reason::truncated);
    }
    // Headers of old versions with comments in them are summed up to the comment only.
    const bool comment = (block.type == kMain && block.has(kMainComment)) ||
                         (block.type == kFile && block.has(kFileComment));
    if (!block.crc_ok && !comment) return stop(Reason::corrupt);
    if (block.type == kMain && !take_main(block)) return false;
    if (block.type == kFile) take_file(block);
    if (block.type == kEnd) facts_.ended = true, facts_.more_follow = block.has(kEndMore);
    if (block.data > in_.remaining()) return stop(Reason::truncated);
    in_.skip(block.data);
    return true;
  }

  bool stop(Reason reason) {
    facts_.problem = reason;
    return false;
  }

  bool read(Block& block) {
    const std::uint16_t crc = in_.u16le();
    Cursor again = in_;
    block.type = in_.u8();
    block.flags = in_.u16le();
    const std::uint16_t size = in_.u16le();
    if (in_.failed()) return false;
    if (size < 7) return block.type = 0, true;  // corrupt
    block.header = in_.take(size - 7U);
    if (in_.failed()) return false;
    block.crc_ok = (rar_crc(again.take(size - 2U)) & 0xffff) == crc;
    Cursor fields(block.header);
    if (block.has(kLongBlock) || block.type == kFile) block.data = fields.u32le();
    if ((block.type == kFile || block.type == kSub) && block.has(kFileLarge)) {
      fields.seek(25);
      block.data |= std::uint64_t{fields.u32le()} << 32;
    }
    return true;
  }

  bool take_main(const Block& block) {
    facts_.volume = block.has(kMainVolume);
    facts_.first = block.has(kMainFirst);
    if (!block.has(kMainEncrypted)) return true;
    remarks_.unseen(Reason::encrypted, "rar4-header");
    return false;
  }

  void take_file(const Block& block) {
    Cursor fields(block.header);
    fields.skip(4);
    const std::uint32_t unpacked = fields.u32le();
    fields.skip(1 + 4 + 4);  // system, checksum, time
    const std::uint8_t version = fields.u8();
    facts_.split |= block.has(kFileBefore) || block.has(kFileAfter);
    if ((block.flags & kFileDirectory) == kFileDirectory) return;
    if (unpacked == 0 && !block.has(kFileLarge)) return;
    const bool encrypted = block.has(kFileEncrypted);
    facts_.tally.count(encrypted);
    if (encrypted && facts_.cipher.empty()) {
      facts_.cipher = version >= kAesFrom ? "rar4-aes128" : "rar4-encrypted";
    }
  }

  Cursor in_;
  Remarks& remarks_;
  RarFacts facts_;
};

}  // namespace

void examine_rar4(ByteView blocks, Remarks& remarks) { Rar4(blocks, remarks).examine(); }

}  // namespace weir
