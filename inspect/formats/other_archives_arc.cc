// ARC (System Enhancement Associates, 1985) has one byte of magic: it is believed when its chain of
// headers leads from the first byte to an end mark.
#include <algorithm>

#include "core/cursor.h"
#include "inspect/formats/other_archives_formats.h"

namespace weir {
namespace {

constexpr std::uint8_t kMark = 0x1a, kEnd = 0, kOldStored = 1, kHighestMethod = 11;
constexpr std::size_t kNameBytes = 13;
constexpr int kMostEntries = 4096;

bool is_name(ByteView field) {
  const auto end = std::ranges::find(field, 0);
  if (end == field.begin() || end == field.end()) return false;
  return std::all_of(field.begin(), end, [](std::uint8_t c) { return c > ' ' && c != 0x7f; });
}

}  // namespace

void examine_arc(ByteView file, Remarks& remarks) {
  Cursor in(file);
  for (int i = 0; i < kMostEntries; ++i) {
    if (in.u8() != kMark) return;
    const std::uint8_t method = in.u8();
    if (method == kEnd && in.ok()) {
      if (i > 0) remarks.unseen(Reason::unsupported, "arc");
      return;
    }
    if (method > kHighestMethod || !is_name(in.take(kNameBytes))) return;
    const std::uint32_t packed = in.u32le();
    in.skip(2 + 2 + 2);  // date, time, checksum
    if (method != kOldStored) in.skip(4);
    in.skip(packed);
  }
}

}  // namespace weir
