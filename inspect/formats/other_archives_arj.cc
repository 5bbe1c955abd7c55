// ARJ technote (ARJ 2.41, "Structure of archive"): a main header, a header and data per file, and
// an empty header at the end. A header has its own checksum, which rules out accidents.
#include <zlib.h>

#include "core/cursor.h"
#include "inspect/formats/archive_tally.h"
#include "inspect/formats/other_archives_formats.h"

namespace weir {
namespace {

constexpr std::uint16_t kHeaderId = 0xEA60, kMostBasic = 2600;
constexpr std::uint8_t kGarbled = 0x01, kVolume = 0x04;
constexpr std::uint8_t kMainHeader = 2, kDirectory = 3, kLabel = 4, kChapter = 5;

struct Header {
  enum class State : std::uint8_t { read, end, cut, wrong };
  State state = State::wrong;
  std::uint8_t flags = 0, type = 0;
  std::uint32_t packed = 0, size = 0;
};

// Behind it come an extended header, as good as never, and the data.
void skip_extended(Cursor& in) {
  for (std::uint16_t size = in.u16le(); size != 0 && in.ok(); size = in.u16le()) in.skip(size + 4U);
}

Header read_header(Cursor& in) {
  Header header;
  const std::uint16_t id = in.u16le(), size = in.u16le();
  if (in.failed()) return {.state = Header::State::cut};
  if (id != kHeaderId || size > kMostBasic) return header;
  if (size == 0) return {.state = Header::State::end};
  const ByteView basic = in.take(size);
  const std::uint32_t crc = in.u32le();
  if (in.failed()) return {.state = Header::State::cut};
  if (crc32_z(0, basic.data(), basic.size()) != crc) return header;
  Cursor fields(basic);
  fields.skip(4);  // own size, versions, system
  header.flags = fields.u8();
  fields.skip(1);  // method
  header.type = fields.u8();
  fields.skip(1 + 4);
  header.packed = fields.u32le();
  header.size = fields.u32le();
  header.state = fields.ok() ? Header::State::read : Header::State::wrong;
  skip_extended(in);
  return header;
}

bool holds_nothing(const Header& header) {
  return header.type == kDirectory || header.type == kLabel || header.type == kChapter ||
         header.size == 0;
}

}  // namespace

void examine_arj(ByteView file, Remarks& remarks) {
  Cursor in(file);
  if (in.u16le() != kHeaderId) return;
  in.seek(0);
  Header header = read_header(in);
  if (header.state != Header::State::read || header.type != kMainHeader) return;
  bool volume = (header.flags & kVolume) != 0;
  ArchiveTally tally;
  for (int i = 0; i < kMostOtherMembers; ++i) {
    header = read_header(in);
    if (header.state != Header::State::read) break;
    volume = volume || (header.flags & kVolume) != 0;
    if (!holds_nothing(header)) tally.count((header.flags & kGarbled) != 0);
    in.skip(header.packed);
  }
  tally.report("arj-garbled", remarks);
  if (volume) remarks.unseen(Reason::multi_volume, "arj-volume");
  if (header.state == Header::State::cut) remarks.unseen(Reason::truncated, "arj-truncated");
  if (header.state == Header::State::wrong) remarks.unseen(Reason::corrupt, "arj-corrupt");
  remarks.unseen(Reason::unsupported, "arj");
}

}  // namespace weir
