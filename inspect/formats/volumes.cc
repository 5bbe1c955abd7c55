#include "inspect/formats/volumes.h"

#include <string_view>

#include "core/cursor.h"

namespace weir {
namespace {

using std::string_view_literals::operator""sv;

// RAR 5: seven bits a byte, the lowest first.
std::uint64_t variable_number(Cursor& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 63; shift += 7) {
    const std::uint8_t byte = in.u8();
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if ((byte & 0x80) == 0) break;
  }
  return value;
}

bool rar4_volume(Cursor in) {
  in.skip(2);  // checksum
  return in.u8() == 0x73 && (in.u16le() & 1) != 0;
}

bool rar5_volume(Cursor in) {
  in.skip(4);  // checksum
  variable_number(in);
  const std::uint64_t type = variable_number(in), flags = variable_number(in);
  if ((flags & 1) != 0) variable_number(in);  // size of the extra area
  return type == 1 && (variable_number(in) & 1) != 0 && in.ok();
}

bool cab_volume(Cursor in) {
  in.skip(26);
  return (in.u16le() & 3) != 0 && in.ok();  // a previous or a next cabinet
}

}  // namespace

bool is_one_of_several_volumes(ByteView file) {
  Cursor in(file);
  const std::string_view head = as_text(in.peek(8));
  if (head.starts_with("MSCF\0\0\0\0"sv)) {
    in.skip(4);
    return cab_volume(in);
  }
  if (head.starts_with("Rar!\x1a\x07\x01\0"sv)) {
    in.skip(8);
    return rar5_volume(in);
  }
  if (!head.starts_with("Rar!\x1a\x07\0"sv)) return false;
  in.skip(7);
  return rar4_volume(in);
}

}  // namespace weir
