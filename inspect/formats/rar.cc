#include "inspect/formats/rar.h"

#include <algorithm>
#include <string_view>

#include "core/cursor.h"
#include "inspect/formats/rar_blocks.h"

namespace weir {
namespace {

using namespace std::string_view_literals;

// Before RAR 1.5 (1994): a mark, the header's size, flags.
bool is_rar14(ByteView file) {
  Cursor in(file);
  const bool mark = as_text(in.take(4)) == "RE~^";
  return mark && in.u16le() >= 7 && in.ok();
}

}  // namespace

void examine_rar(const Subject& file, Remarks& remarks) {
  const std::string_view head =
      as_text(file.bytes.first(std::min<std::size_t>(file.bytes.size(), 8)));
  if (head == "Rar!\x1a\x07\x01\0"sv) return examine_rar5(file.bytes.subspan(8), remarks);
  if (head.starts_with("Rar!\x1a\x07\0"sv)) return examine_rar4(file.bytes.subspan(7), remarks);
  if (is_rar14(file.bytes)) remarks.unseen(Reason::unsupported, "rar14");
}

}  // namespace weir
