#include "inspect/formats/archive_names.h"

#include <algorithm>

#include "core/escape.h"

namespace weir {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kBlankRun = 32, kHuge = 4096;

// The path leaves the folder that it is unpacked to; "a/../b" does not.
bool climbs_out(std::string_view name) {
  int depth = 0;
  while (!name.empty()) {
    const auto end = std::min(name.find_first_of("/\\"), name.size());
    const std::string_view part = name.substr(0, end);
    if (part == "..") {
      if (--depth < 0) return true;
    } else if (!part.empty() && part != ".") {
      ++depth;
    }
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return false;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool has_drive(std::string_view name) {
  return name.size() >= 3 && is_letter(name[0]) && name[1] == ':' &&
         (name[2] == '\\' || name[2] == '/');
}

// Folders of macOS keep their picture in a file of this name.
bool is_mac_icon(std::string_view name) { return name.ends_with("Icon\r"); }

bool has_control(std::string_view name) {
  return std::ranges::any_of(name, [](char c) { return (c > 0 && c < ' ') || c == 0x7f; });
}

// Embeddings, overrides and isolates (Unicode 9.2), as UTF-8.
bool turns_direction(std::string_view name) {
  for (auto at = name.find("\xe2\x80"); at != name.npos; at = name.find("\xe2\x80", at + 1)) {
    if (at + 2 < name.size() && name[at + 2] >= '\xaa' && name[at + 2] <= '\xae') return true;
  }
  return name.find("\xe2\x81\xa6") != name.npos || name.find("\xe2\x81\xa7") != name.npos ||
         name.find("\xe2\x81\xa8") != name.npos;
}

std::string_view last_part(std::string_view name) {
  const auto slash = name.find_last_of("/\\");
  return slash == name.npos ? name : name.substr(slash + 1);
}

// Windows drops dots and blanks at the end, and the extension is then another one.
bool ends_in_dropped(std::string_view name) {
  const std::string_view part = last_part(name);
  const auto last = part.find_last_not_of(". ");
  if (last == part.npos || last + 1 == part.size()) return false;
  const auto dot = part.substr(0, last + 1).rfind('.');
  return dot != part.npos && dot > 0 && last - dot <= 4;
}

bool has_blank_run(std::string_view name) {
  std::size_t run = 0;
  for (const char c : name) {
    run = c == ' ' ? run + 1 : 0;
    if (run >= kBlankRun) return true;
  }
  return false;
}

}  // namespace

std::string shown_member_name(std::string_view name) { return escape_for_log(name, 100); }

void examine_member_name(std::string_view name, Remarks& remarks) {
  const auto sign = [&](bool is_so, std::string_view id, std::uint8_t score) {
    if (is_so) remarks.sign(id, score, shown_member_name(name));
  };
  sign(climbs_out(name), "name-traversal", 30);
  sign(name.starts_with("\\\\") || has_drive(name), "name-absolute", 15);
  sign(name.starts_with('/'), "name-absolute", 5);
  const auto nul = name.find('\0');
  sign(nul != name.npos && name.find_first_not_of('\0', nul) != name.npos, "name-nul", 40);
  sign(has_control(name) && !is_mac_icon(name), "name-control", 10);
  sign(turns_direction(name), "name-direction", 30);
  sign(ends_in_dropped(name), "name-trailing-dot", 10);
  sign(has_blank_run(name), "name-blank-run", 20);
  sign(name.size() > kHuge, "name-huge", 10);
}

}  // namespace weir
