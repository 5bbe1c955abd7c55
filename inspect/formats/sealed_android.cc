#include "inspect/formats/sealed_android.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "inspect/formats/sealed_inflate.h"

namespace weir {

std::unique_ptr<Container> open_android_backup(const Subject& file, Reason&) {
  constexpr std::size_t kLines = 4, kHead = 128;
  std::string_view rest = as_text(file.bytes);
  if (!rest.starts_with("ANDROID BACKUP\n")) return nullptr;
  std::array<std::string_view, kLines> lines;  // magic, version, compressed, encryption
  for (std::string_view& line : lines) {
    const auto end = rest.substr(0, kHead).find('\n');
    if (end == std::string_view::npos) return nullptr;
    line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
  }
  if (lines[3] != "none") return nullptr;
  if (lines[2] == "0") return open_pieces({"backup.tar", "android-backup", {as_bytes(rest)}});
  return open_inflated({"backup.tar", "android-backup", "", as_bytes(rest), DeflateCoat::zlib});
}

}  // namespace weir
