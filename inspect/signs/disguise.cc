#include "inspect/signs/disguise.h"

#include <algorithm>
#include <string>

#include "inspect/signs/clues.h"

namespace weir {
namespace {

struct Disguise {
  std::string_view sign;
  std::size_t Unfolded::* count;
  std::uint16_t languages;
  std::uint8_t score;
  std::size_t least;   // so many …
  std::size_t per_kb;  // … and so many in each KiB of text
};
constexpr std::uint16_t kWindows = kPowershell | kBatch | kVbs | kHta | kHostJs;
constexpr std::uint16_t kCode = kWindows | kShell | kPython | kPerl | kPhp | kMacro;
constexpr Disguise kDisguises[] = {
    {"escaped-letters", &Unfolded::escaped_letters, kCode, 20, 40, 30},
    {"escaped-letters", &Unfolded::escaped_letters, kJs | kHtml, 10, 200, 60},
    {"character-codes", &Unfolded::character_codes, kCode, 25, 30, 12},
    {"character-codes", &Unfolded::character_codes, kJs | kHtml, 15, 100, 30},
    {"split-words", &Unfolded::short_joins, kCode, 25, 20, 10},
    {"split-words", &Unfolded::ticks, kPowershell | kBatch, 30, 12, 10},
};

}  // namespace

bool add_disguise(const Unfolded& text, std::uint16_t languages, Remarks& remarks) {
  bool any = false;
  const std::size_t kb = std::max<std::size_t>(1, text.text.size() / 1024);
  for (const Disguise& one : kDisguises) {
    const std::size_t count = text.*one.count;
    if ((one.languages & languages) == 0 || count < one.least || count < one.per_kb * kb) continue;
    any = true;
    remarks.sign(one.sign, one.score, std::to_string(count) + " of them");
  }
  return any;
}

bool is_macro_source(std::string_view text) {
  return text.substr(0, 64).find("Attribute VB_Name") != std::string_view::npos;
}

}  // namespace weir
