#include <algorithm>
#include <array>
#include <string>

#include "inspect/signs/clues.h"
#include "inspect/signs/disguise.h"
#include "inspect/signs/plain_text.h"
#include "inspect/signs/signs.h"

namespace weir {
namespace {

void add_all(std::string_view text, std::uint16_t language, Remarks& remarks) {
  for (const Clue* clue : match_clues(text, macro_clues(), language)) {
    remarks.sign(clue->sign, clue->score);
  }
}

constexpr std::string_view kStarts[] = {"macro-shell", "macro-native-code", "macro-declares-start"};

void examine_module(std::string_view source, Remarks& remarks) {
  const Unfolded plain = unfold(source, {});
  add_all(plain.text, kMacro, remarks);
  for (const Clue* clue : match_clues(plain.text, script_clues(), kMacro)) {
    remarks.sign(clue->sign, clue->score);
  }
  const auto has = [&](std::string_view sign) { return remarks.has(sign); };
  const bool starts = std::ranges::any_of(kStarts, has);
  if (starts && has("macro-autoexec")) remarks.sign("macro-runs-at-open", 25);
  if (starts && has("macro-download")) remarks.sign("macro-download-run", 20);
  if (add_disguise(plain, kMacro, remarks) && (starts || has("macro-autoexec"))) {
    remarks.sign("macro-hidden-command", 20);
  }
}

bool is_instruction_text(std::string_view tag) {
  return tag.starts_with("w:instrtext") || tag.starts_with("instrtext");
}

// The field instructions of a document without the runs that they are cut into (ECMA-376 part 1,
// 17.16.23 and 17.16.19).
std::string field_instructions(std::string_view xml) {
  constexpr std::size_t kMost = 64 * 1024;
  std::string fields;
  for (auto at = xml.find('<'); at != xml.npos && fields.size() < kMost;
       at = xml.find('<', at + 1)) {
    const std::string_view rest = xml.substr(at + 1);
    const auto end = rest.substr(0, 512).find('>');
    if (end == rest.npos) continue;
    const std::string_view tag = rest.substr(0, end);
    if (is_instruction_text(tag)) {
      const std::string_view inner = rest.substr(end + 1, 4096);
      fields += inner.substr(0, inner.find('<'));
    } else if (tag.starts_with("w:fldsimple") && tag.find("instr=") != tag.npos) {
      fields += tag.substr(tag.find("instr=") + 6);
    } else if (tag.starts_with("w:fldchar") && tag.find("begin") != tag.npos) {
      fields += '\n';
    }
  }
  return fields;
}

void look_for_dde(std::string_view xml, Remarks& remarks) {
  if (xml.find("instr") == xml.npos) return;
  std::string fields = field_instructions(xml);
  std::erase_if(fields, [](char c) { return c == ' ' || c == '"'; });
  const bool automatic = fields.find("ddeauto") != fields.npos;
  const bool manual = fields.find("\ndde") != fields.npos || fields.starts_with("dde");
  if (!automatic && !manual) return;
  constexpr std::string_view kPrograms[] = {"cmd",      "powershell", "mshta",  ".exe",
                                            "rundll32", "wscript",    "cscript"};
  const bool runs = std::ranges::any_of(
      kPrograms, [&](std::string_view word) { return fields.find(word) != fields.npos; });
  remarks.sign("office-dde", runs ? 60 : 15, automatic ? "DDEAUTO" : "DDE");
}

bool is_office_part(const Subject& file, std::string_view text) {
  if (file.type == FileType::rtf) return true;
  constexpr std::string_view kMarks[] = {"schemas.openxmlformats.org",
                                         "schemas.microsoft.com/office", "purl.oclc.org/ooxml"};
  return std::ranges::any_of(
      kMarks, [&](std::string_view mark) { return text.substr(0, 4096).find(mark) != text.npos; });
}

bool may_be_part(FileType type) {
  return type == FileType::xml || type == FileType::rtf || type == FileType::html;
}

bool may_be_module(const Subject& file) {
  const std::size_t head = std::min<std::size_t>(file.bytes.size(), 64);
  return is_macro_source(as_text(file.bytes.first(head)));
}

}  // namespace

void examine_macro(const Subject& file, Remarks& remarks) {
  if (may_be_module(file)) return examine_module(text_of(file.bytes), remarks);
  if (!may_be_part(file.type)) return;
  const std::string text = text_of(file.bytes);
  if (!is_office_part(file, text)) return;
  const Unfolded plain = unfold(text, {});
  add_all(plain.text, kOffice, remarks);
  look_for_dde(plain.text, remarks);
}

}  // namespace weir
