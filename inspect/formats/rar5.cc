#include "core/cursor.h"
#include "inspect/formats/rar.h"
#include "inspect/formats/rar_blocks.h"

namespace weir {
namespace {

constexpr RarNames kNames{"rar5-volume", "rar5-truncated", "rar5-corrupt"};

// Header types and flags of the RAR 5.0 technote.
constexpr std::uint64_t kMain = 1, kFile = 2, kEncryption = 4, kEnd = 5;
constexpr std::uint64_t kHasExtra = 0x01, kHasData = 0x02, kSplitBefore = 0x08, kSplitAfter = 0x10;
constexpr std::uint64_t kMainVolume = 0x01, kMainNumber = 0x02;
constexpr std::uint64_t kFileDirectory = 0x01, kFileTime = 0x02, kFileCrc = 0x04,
                        kFileSizeUnknown = 0x08;
constexpr std::uint64_t kEndMore = 0x01, kRecordEncryption = 0x01;
constexpr std::uint64_t kMostHeader = 2U << 20;

// Seven bits a byte, the lowest first.
std::uint64_t variable_number(Cursor& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 70 && in.ok(); shift += 7) {
    const std::uint8_t byte = in.u8();
    if (shift < 64) value |= std::uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80) == 0) break;
  }
  return value;
}

struct Block {
  std::uint64_t type = 0, flags = 0, data = 0;
  ByteView fields, extra;
  bool has(std::uint64_t flag) const { return (flags & flag) != 0; }
};

class Rar5 {
 public:
  Rar5(ByteView blocks, Remarks& remarks) : in_(blocks), remarks_(remarks) {}

  void examine() {
    for (std::uint32_t i = 0; i < kMostRarBlocks && !facts_.ended; ++i) {
      if (!step()) break;
    }
    report_rar(facts_, kNames, in_.rest(), remarks_);
  }

 private:
  bool step() {
    Block block;
    const Reason problem = read(block);
    if (problem != Reason::none) return stop(problem);
    if (block.type == kEncryption) {
      remarks_.unseen(Reason::encrypted, "rar5-header");
      return false;
    }
    if (block.type == kMain) take_main(Cursor(block.fields));
    if (block.type == kFile) take_file(block);
    if (block.type == kEnd) {
      Cursor fields(block.fields);
      facts_.ended = true, facts_.more_follow = (variable_number(fields) & kEndMore) != 0;
    }
    if (block.data > in_.remaining()) return stop(Reason::truncated);
    in_.skip(block.data);
    return true;
  }

  bool stop(Reason reason) {
    facts_.problem = reason;
    return false;
  }

  // An archive always has an end header, so that the end of the file cuts it off.
  Reason read(Block& block) {
    const std::uint32_t crc = in_.u32le();
    Cursor summed = in_;
    const std::uint64_t size = variable_number(in_);
    const std::size_t length = in_.position() - summed.position();
    if (in_.failed()) return Reason::truncated;
    if (size == 0 || size > kMostHeader) return Reason::corrupt;
    Cursor header = in_.sub(size);
    if (in_.failed()) return Reason::truncated;
    if (rar_crc(summed.take(length + size)) != crc) return Reason::corrupt;
    block.type = variable_number(header);
    block.flags = variable_number(header);
    const std::uint64_t extra = block.has(kHasExtra) ? variable_number(header) : 0;
    if (block.has(kHasData)) block.data = variable_number(header);
    if (header.failed() || extra > header.remaining()) return Reason::corrupt;
    block.fields = header.take(header.remaining() - extra);
    block.extra = header.rest();
    return Reason::none;
  }

  void take_main(Cursor fields) {
    const std::uint64_t flags = variable_number(fields);
    facts_.volume = (flags & kMainVolume) != 0;
    facts_.first = (flags & kMainNumber) == 0;
  }

  void take_file(const Block& block) {
    facts_.split |= block.has(kSplitBefore) || block.has(kSplitAfter);
    Cursor fields(block.fields);
    const std::uint64_t flags = variable_number(fields), size = variable_number(fields);
    variable_number(fields);  // attributes
    fields.skip(((flags & kFileTime) != 0 ? 4 : 0) + ((flags & kFileCrc) != 0 ? 4 : 0));
    const std::uint64_t compression = variable_number(fields);
    const bool empty = size == 0 && (flags & kFileSizeUnknown) == 0;
    if ((flags & kFileDirectory) != 0 || empty) return;
    const bool encrypted = has_record(Cursor(block.extra), kRecordEncryption);
    facts_.tally.count(encrypted);
    if (encrypted) facts_.cipher = "rar5-aes256";
    constexpr std::uint64_t kVersion = 0x3f;
    if (!encrypted && (compression & kVersion) != 0) {
      remarks_.unseen(Reason::unsupported, "rar7");
    }
  }

  static bool has_record(Cursor in, std::uint64_t wanted) {
    while (in.ok() && !in.at_end()) {
      Cursor record = in.sub(variable_number(in));
      if (record.at_end()) return false;
      if (variable_number(record) == wanted) return true;
    }
    return false;
  }

  Cursor in_;
  Remarks& remarks_;
  RarFacts facts_;
};

}  // namespace

void examine_rar5(ByteView blocks, Remarks& remarks) { Rar5(blocks, remarks).examine(); }

}  // namespace weir
