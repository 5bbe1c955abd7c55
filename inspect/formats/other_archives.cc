#include "inspect/formats/other_archives.h"

#include <array>
#include <string_view>

#include "core/cursor.h"
#include "inspect/formats/other_archives_formats.h"

namespace weir {
namespace {

using namespace std::string_view_literals;

// Nothing here opens these, and nothing is known of their encryption.
struct Unopened {
  std::string_view name;
  std::size_t at;
  std::string_view magic;
};
constexpr std::array kUnopened{
    Unopened{"zoo", 20, "\xDC\xA7\xC4\xFD"sv},
    Unopened{"zpaq", 0, "zPQ\x01"sv},
    Unopened{"zpaq", 0, "zPQ\x02"sv},
    Unopened{"zpaq", 0, "\x37\x6b\x53\x74\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3zPQ"sv},
    Unopened{"sitx", 0, "StuffIt!"sv},
    Unopened{"sitx", 0, "StuffIt?"sv},
    Unopened{"freearc", 0, "ArC\x01\x02"sv},
    Unopened{"uharc", 0, "UHA\x06"sv},
    Unopened{"blakhole", 0, "BH\x05\x07"sv},
    Unopened{"kgb", 0, "KGB_arch -"sv},
    Unopened{"amiga-lzx", 0, "LZX\0\0\0\0\0"sv},
    Unopened{"grzip", 0, "GRZipII\0\2\4:)"sv},
    Unopened{"lzop", 0, "\x89LZO\0\r\n\x1a\n"sv},
};

bool has_magic(std::string_view file, const Unopened& one) {
  return file.size() > one.at && file.substr(one.at).starts_with(one.magic);
}

// The 22nd byte of its magic header says whether a password is needed (lrzip 0.6).
void examine_lrzip(ByteView file, Remarks& remarks) {
  if (!as_text(file).starts_with("LRZI\0"sv) || file.size() < 24) return;
  if (file[22] == 1) return remarks.unseen(Reason::encrypted, "lrzip-encrypted");
  remarks.unseen(Reason::unsupported, "lrzip");
}

void examine_cabinet(ByteView file, Remarks& remarks) {
  Cursor in(file);
  if (as_text(in.take(8)) != "MSCF\0\0\0\0"sv) return;
  in.skip(22);
  constexpr std::uint16_t kPrevious = 1, kNext = 2;
  if ((in.u16le() & (kPrevious | kNext)) != 0 && in.ok()) {
    remarks.unseen(Reason::multi_volume, "cab-volume");
  }
}

}  // namespace

void examine_other_archives(const Subject& file, Remarks& remarks) {
  examine_arj(file.bytes, remarks);
  examine_ace(file.bytes, remarks);
  examine_stuffit(file.bytes, remarks);
  examine_alz(file.bytes, remarks);
  examine_egg(file.bytes, remarks);
  examine_arc(file.bytes, remarks);
  examine_lrzip(file.bytes, remarks);
  examine_cabinet(file.bytes, remarks);
  const std::string_view text = as_text(file.bytes);
  for (const Unopened& one : kUnopened) {
    if (has_magic(text, one)) return remarks.unseen(Reason::unsupported, one.name);
  }
}

}  // namespace weir
