#include "inspect/formats/sealed.h"

#include <algorithm>
#include <array>

namespace weir {
namespace {

// From the first line that is not blank, without a byte order mark.
ByteView from_first_line(ByteView file) {
  std::string_view text = as_text(file);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  constexpr std::size_t kMostBlanks = 256;
  const auto begin = text.substr(0, kMostBlanks).find_first_not_of(" \t\r\n");
  return as_bytes(begin == std::string_view::npos ? std::string_view() : text.substr(begin));
}

ByteView place_of(const SealedFormat& format, ByteView file, ByteView text) {
  const std::size_t size = file.size();
  switch (format.at) {
    case MagicAt::begin: return size > format.offset ? file.subspan(format.offset) : ByteView();
    case MagicAt::end: return size > format.offset ? file.last(format.offset) : ByteView();
    case MagicAt::text_line: return text;
  }
  return {};
}

bool fits(const SealedFormat& format, ByteView file, ByteView text) {
  if (!as_text(place_of(format, file, text)).starts_with(format.magic)) return false;
  if (format.holds == nullptr) return true;
  return format.holds(format.at == MagicAt::text_line ? text : file);
}

}  // namespace

void examine_sealed(const Subject& file, Remarks& remarks) {
  const ByteView text = from_first_line(file.bytes);
  for (const SealedFormat& format : sealed_formats()) {
    if (!fits(format, file.bytes, text)) continue;
    if (format.kind == SealedKind::keys) {
      remarks.sign(format.name, 0);
    } else {
      remarks.unseen(Reason::encrypted, format.name);
    }
  }
  const std::string_view shape = sealed_by_shape(file.bytes);
  if (!shape.empty()) remarks.unseen(Reason::encrypted, shape);
}

std::string_view sealed_volume(ByteView bytes) {
  constexpr std::array<std::string_view, 5> kVolumes = {"luks1", "luks2", "bitlocker", "filevault",
                                                        "geli"};
  for (const SealedFormat& format : sealed_formats()) {
    if (std::ranges::find(kVolumes, format.name) == kVolumes.end()) continue;
    if (fits(format, bytes, {})) return format.name;
  }
  return {};
}

}  // namespace weir
