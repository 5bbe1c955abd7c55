#include <algorithm>
#include <string>

#include "inspect/signs/name_tricks.h"
#include "inspect/signs/signs.h"

namespace weir {
namespace {

using enum FileType;

template <std::size_t kCount>
bool is_one_of(FileType type, const FileType (&types)[kCount]) {
  return std::ranges::find(types, type) != std::end(types);
}

// Documents that are archives themselves, so that an odd one may be taken for its container.
constexpr FileType kPackedDocuments[] = {ooxml, odf, epub};
constexpr FileType kProgramText[] = {shell, python, powershell, batch, vbscript, hta, perl, php};
// Archives that a person can open; a server's content coding explains the others.
constexpr FileType kOpenable[] = {zip, seven_zip, rar, cab, iso, vhd, vhdx, arj, jar};

// Extensions that mean two things: TypeScript and MPEG, Graphviz and Word templates, PalmDOC …
bool is_ambiguous(std::string_view name) {
  constexpr std::string_view kEnds[] = {".ts", ".dot", ".doc", ".pub", ".bmp", ".msi", ".msp"};
  return std::ranges::any_of(kEnds, [&](std::string_view end) { return name.ends_with(end); });
}

std::uint8_t lie_of(FileType content, FileType declared, std::string_view name) {
  const FileFamily said = family_of(declared);
  if (said != FileFamily::document && said != FileFamily::media) return 0;
  if ((content == jar || content == apk) && is_one_of(declared, kPackedDocuments)) return 0;
  if (content == chm) return 30;
  if (family_of(content) == FileFamily::executable && content != swf && content != wasm) return 60;
  if (is_one_of(content, kOpenable)) return is_one_of(declared, kPackedDocuments) ? 0 : 60;
  const bool text_inside = declared == eml || declared == rtf || is_ambiguous(name);
  if (is_one_of(content, kProgramText) && !text_inside) return 50;
  return 0;
}

}  // namespace

void examine_label(const Subject& file, FileType declared_by_name, Remarks& remarks) {
  const NameTricks tricks = tricks_of(file.name);
  if (tricks.reversed) remarks.sign("name-reversed", 60, shown(file.name));
  if (tricks.padded) remarks.sign("name-padded", 60, shown(file.name));
  if (tricks.doubled) remarks.sign("name-double-extension", 50, shown(file.name));
  const std::uint8_t score = lie_of(file.type, declared_by_name, file.name);
  if (score == 0) return;
  remarks.sign("false-extension", score,
               std::string(file_type_name(file.type)) + " named " + shown(last_part(file.name)));
}

}  // namespace weir
