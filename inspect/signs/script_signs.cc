#include <algorithm>
#include <string>
#include <vector>

#include "inspect/signs/clues.h"
#include "inspect/signs/disguise.h"
#include "inspect/signs/plain_text.h"
#include "inspect/signs/signs.h"

namespace weir {
namespace {

struct LanguageOf {
  FileType type;
  std::uint16_t language;
};
constexpr LanguageOf kLanguages[] = {
    {FileType::shell, kShell},   {FileType::python, kPython},
    {FileType::perl, kPerl},     {FileType::php, kPhp},
    {FileType::javascript, kJs}, {FileType::vbscript, kVbs},
    {FileType::batch, kBatch},   {FileType::powershell, kPowershell},
    {FileType::hta, kHta},       {FileType::html, kHtml},
    {FileType::svg, kHtml},
};

std::uint16_t language_of(FileType type) {
  const auto found = std::ranges::find(kLanguages, type, &LanguageOf::type);
  return found == std::end(kLanguages) ? std::uint16_t{0} : found->language;
}

bool may_be_text(FileType type) {
  switch (family_of(type)) {
    case FileFamily::script:
    case FileFamily::web:
    case FileFamily::text: return true;
    default: return type == FileType::unknown || type == FileType::eml;
  }
}

constexpr std::string_view kHostWords[] = {"activexobject", "wscript.", "child_process"};

// A file runs as what its name says; what words alone suggest counts only where no name does.
std::uint16_t content_language(const Subject& file, std::uint16_t named) {
  constexpr std::uint16_t kGuessed = kPowershell | kVbs | kJs;
  const std::uint16_t language = language_of(file.type);
  return named != 0 && (language & kGuessed) != 0 ? std::uint16_t{0} : language;
}

std::uint16_t languages_of(const Subject& file, std::string_view text) {
  const std::uint16_t named = language_of(type_by_extension(file.name));
  unsigned languages = unsigned{named} | content_language(file, named);
  const auto has = [&](std::string_view word) { return text.find(word) != text.npos; };
  if ((languages & (kJs | kHtml)) != 0 && std::ranges::any_of(kHostWords, has)) {
    languages |= kHostJs;
  }
  return static_cast<std::uint16_t>(languages == 0 ? kProse : languages);
}

// In what may be documentation only the gravest sign counts, and half: people quote commands.
void add_prose(const std::vector<const Clue*>& clues, Remarks& remarks) {
  const auto gravest =
      std::ranges::max_element(clues, {}, [](const Clue* clue) { return clue->score; });
  if (gravest == clues.end()) return;
  const auto half = static_cast<std::uint8_t>((*gravest)->score / 2);
  remarks.sign((*gravest)->sign, half, "in text of no known language");
}

bool add_clues(std::string_view text, std::uint16_t languages, std::string_view where,
               Remarks& remarks) {
  const auto clues = match_clues(text, script_clues(), languages);
  if (languages == kProse) {
    add_prose(clues, remarks);
  } else {
    for (const Clue* clue : clues) remarks.sign(clue->sign, clue->score, where);
  }
  constexpr std::uint8_t kTelling = 15;
  return std::ranges::any_of(clues, [](const Clue* clue) { return clue->score >= kTelling; });
}

// "powershell … -enc JABj…": the switch and its abbreviations, followed by base64.
bool has_encoded_command(std::string_view text) {
  for (const std::string_view word : {"powershell", "pwsh"}) {
    for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
      const std::string_view line = text.substr(at, 400);
      for (const std::string_view option :
           {" -enc ", " -e ", " -ec ", " -en ", " -enco ", " -encod ", " -encodedcommand ",
            " /enc ", " -encodedcomman "}) {
        const auto found = line.find(option);
        if (found == line.npos) continue;
        const std::string_view argument = line.substr(found + option.size());
        if (argument.find_first_of(" \"'$%)") > 40 && argument.size() > 40) return true;
      }
    }
  }
  return false;
}

bool is_dangerous_to_save(FileType type) {
  constexpr FileType kSaved[] = {FileType::pe,  FileType::lnk,  FileType::iso, FileType::vhd,
                                 FileType::zip, FileType::vhdx, FileType::rar, FileType::seven_zip,
                                 FileType::jar, FileType::cab,  FileType::dmg};
  return std::ranges::find(kSaved, type) != std::end(kSaved);
}

// HTML smuggling: the page holds the file and saves it by itself.
void look_for_smuggling(std::string_view text, const std::vector<FileType>& files,
                        Remarks& remarks) {
  const auto has = [&](std::string_view word) { return text.find(word) != text.npos; };
  const bool saves = has("mssaveoropenblob") || has("mssaveblob") || has(".download=") ||
                     has("setattribute(\"download\"") || has("setattribute('download'");
  if (!saves || !(has("new blob(") || has("data:application/") || has("createobjecturl"))) return;
  const auto file = std::ranges::find_if(files, is_dangerous_to_save);
  if (file != files.end()) {
    remarks.sign("html-smuggled-file", *file == FileType::zip ? 40 : 60, file_type_name(*file));
  }
}

void add_buried(const Buried& buried, std::uint16_t languages, Remarks& remarks) {
  if (std::ranges::find(buried.files, FileType::pe) != buried.files.end()) {
    remarks.sign("carries-program", 40, "as base64");
  }
  if (buried.text.empty() || languages == kProse) return;
  const Unfolded inner = unfold(buried.text, {.carets = true});
  // What was worth hiding may be of any language.
  constexpr std::uint16_t kInner = 0xffff & ~(kProse | kMacro | kOffice);
  if (add_clues(inner.text, kInner, "in base64", remarks)) {
    remarks.sign("hidden-command", 25, "in base64");
  }
}

}  // namespace

void examine_script(const Subject& file, Remarks& remarks) {
  if (!may_be_text(file.type)) return;
  const std::string text = text_of(file.bytes);
  if (text.empty() || is_macro_source(text)) return;
  // Carets inside words are batch's trick, and in text that only a language of Windows can be.
  const FileType named = type_by_extension(file.name);
  const bool batch = file.type == FileType::batch || named == FileType::batch;
  const Unfolded plain = unfold(text, {.carets = batch});
  const std::uint16_t languages = languages_of(file, plain.text);
  const bool telling = add_clues(plain.text, languages, {}, remarks);
  const bool disguised = add_disguise(plain, languages, remarks);
  if (telling && disguised && languages != kProse) {
    remarks.sign("hidden-command", 25, "under a disguise");
  }
  if (languages != kProse && has_encoded_command(plain.text)) {
    remarks.sign("ps-encoded-command", 30);
  }
  if (text.find("#@~^") != text.npos && (languages & (kVbs | kJs | kHtml | kHta)) != 0) {
    remarks.sign("script-encoder", 30, "Script Encoder");
  }
  const Buried buried = dig(text);
  add_buried(buried, languages, remarks);
  if ((languages & (kHtml | kJs)) != 0) look_for_smuggling(plain.text, buried.files, remarks);
}

}  // namespace weir
