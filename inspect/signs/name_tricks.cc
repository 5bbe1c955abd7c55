#include "inspect/signs/name_tricks.h"

#include <algorithm>
#include <array>

#include "core/escape.h"
#include "core/http_message.h"

namespace weir {
namespace {

constexpr std::size_t kMostName = 512;

struct Extensions {
  NameKind kind;
  std::string_view words;  // with a space on either side
};
constexpr Extensions kExtensions[] = {
    {NameKind::document,
     " pdf doc docx docm xls xlsx xlsm ppt pptx rtf odt ods odp txt csv jpg jpeg png gif bmp tif "
     "tiff heic webp mp3 mp4 mov avi mkv wav htm html eml zip "},
    {NameKind::program, " exe msi msix appx jar com apk dll cpl app dmg pkg run appimage "},
    {NameKind::script,
     " js jse vbs vbe vb wsf wsh wsc sct hta ps1 bat cmd scr pif chm reg ws msc xll cpl "
     "application settingcontent-ms "},
    {NameKind::shortcut, " lnk url scf library-ms search-ms "},
};

constexpr std::string_view kBait[] = {
    "invoice",  "inv_",      "payment",   "remittance", "purchase order", "quotation",
    "receipt",  "statement", "voicemail", "scan_",      "resume",         "salary",
    "payroll",  "swift",     "dhl",       "fedex",      "tracking",       "shipping",
    "contract", "rechnung",  "factura",   "fattura",    "facture",        "document"};

// Marks that turn the direction (Unicode 9.2): embeddings, overrides and isolates, as UTF-8.
bool has_direction_mark(std::string_view name) {
  for (auto at = name.find("\xe2\x80"); at != name.npos; at = name.find("\xe2\x80", at + 1)) {
    if (at + 2 < name.size() && name[at + 2] >= '\xaa' && name[at + 2] <= '\xae') return true;
  }
  return name.find("\xe2\x81\xa6") != name.npos || name.find("\xe2\x81\xa7") != name.npos;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "password is 1234", "pass-1234", "pw_abc": the word, a separator, something.
bool tells_password(std::string_view name) {
  for (const std::string_view word : {"password is ", "password_is_", "password-", "password_",
                                      "password ", "password=", "passwd ", "pass ", "pass-",
                                      "pass_", "pwd ", "pwd-", "pwd_", "pw ", "pw-", "pw_"}) {
    const auto at = name.find(word);
    if (at == name.npos || (at > 0 && name[at - 1] >= 'a' && name[at - 1] <= 'z')) continue;
    const std::string_view rest = name.substr(at + word.size());
    const bool spoken = word.find("is") != word.npos || word.ends_with('=');
    const std::string_view told = rest.substr(0, rest.find_first_of(" ._-)]"));
    if (told.size() >= 3 && (spoken || std::ranges::any_of(told, is_digit))) return true;
  }
  return false;
}

bool matches_bait(std::string_view name) {
  return std::ranges::any_of(kBait,
                             [&](std::string_view word) { return name.find(word) != name.npos; });
}

}  // namespace

NameKind kind_of_extension(std::string_view extension) {
  if (extension.empty() || extension.find(' ') != extension.npos) return NameKind::other;
  const std::string word = " " + std::string(extension) + " ";
  for (const Extensions& row : kExtensions) {
    if (row.words.find(word) != row.words.npos) return row.kind;
  }
  return NameKind::other;
}

std::string_view last_part(std::string_view path) {
  const auto slash = path.find_last_of("/\\");
  return slash == path.npos ? path : path.substr(slash + 1);
}

std::string shown(std::string_view name) { return escape_for_log(name, 100); }

NameTricks tricks_of(std::string_view path) {
  path = last_part(path.substr(path.size() - std::min(path.size(), kMostName)));
  std::string name = to_lower(path);
  // Windows drops spaces and dots at the end.
  while (!name.empty() && (name.back() == ' ' || name.back() == '.')) name.pop_back();
  NameTricks tricks;
  tricks.bait = matches_bait(name);
  tricks.tells_password = tells_password(name);
  const auto dot = name.rfind('.');
  if (dot == name.npos) return tricks;
  tricks.kind = kind_of_extension(std::string_view(name).substr(dot + 1));
  if (!tricks.runs()) return tricks;
  tricks.reversed = has_direction_mark(name);
  std::string_view stem = std::string_view(name).substr(0, dot);
  const auto last = stem.find_last_not_of(' ');
  constexpr std::size_t kManySpaces = 5;
  tricks.padded = last != stem.npos && stem.size() - last - 1 >= kManySpaces;
  stem = stem.substr(0, last == stem.npos ? 0 : last + 1);
  const auto before = stem.rfind('.');
  if (before == stem.npos) return tricks;
  const std::string_view inner = stem.substr(before + 1);
  // "bundle.min.js", "app.html.js" are how web code is named; "setup.zip.exe" is a self-extractor.
  const bool web = name.ends_with(".js") || name.ends_with(".url") || inner == "zip";
  tricks.doubled = kind_of_extension(inner) == NameKind::document && !web;
  if (name.ends_with(".js")) {
    constexpr std::string_view kPaper[] = {"pdf", "doc", "docx", "xls", "xlsx", "jpg", "jpeg"};
    tricks.doubled = std::ranges::find(kPaper, inner) != std::end(kPaper);
  }
  return tricks;
}

}  // namespace weir
