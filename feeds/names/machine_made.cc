#include "feeds/names/machine_made.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "feeds/names/bigram_table.h"

namespace weir {
namespace {

constexpr std::size_t kShortest = 7;  // abbreviations are as odd as random letters
constexpr double kUnitsPerBit = 16;   // of the table
constexpr std::size_t kEdge = bigram_table::kSymbols - 1;
constexpr std::string_view kDigits = "0123456789";

// What random names are made of.
struct Generator {
  std::string_view alphabet;
  double bits;  // log2 of its size
};
constexpr std::array<Generator, 3> kGenerators = {
    {{"0123456789abcdef", 4.0},
     {"abcdefghijklmnopqrstuvwxyz", 4.7004},
     {"abcdefghijklmnopqrstuvwxyz0123456789", 5.1699}}};

std::size_t symbol(char c) {
  return c >= 'a' ? static_cast<std::size_t>(c - 'a') : static_cast<std::size_t>(c - '0') + 26;
}

double cost_to_people(std::string_view part) {
  unsigned units = 0;
  std::size_t before = kEdge;
  for (const char c : part) {
    const std::size_t now = symbol(c);
    units += bigram_table::kCost[before][now];
    before = now;
  }
  return (units + bigram_table::kCost[before][kEdge]) / kUnitsPerBit;
}

// `part` has letters and digits only.
int score(std::string_view part) {
  if (part.size() < kShortest) return 0;
  if (part.find_first_not_of(kDigits) == std::string_view::npos) return 0;  // a phone number
  const auto made = std::ranges::find_if(kGenerators, [&](const Generator& one) {
    return part.find_first_not_of(one.alphabet) == std::string_view::npos;
  });
  if (made == kGenerators.end()) return 0;
  const double bits = cost_to_people(part) - made->bits * static_cast<double>(part.size());
  return static_cast<int>(std::clamp(std::lround(50 + 2 * bits), 0L, 100L));
}

}  // namespace

int machine_made_score(std::string_view registrable) {
  std::string_view label = registrable.substr(0, registrable.find('.'));
  if (label.starts_with("xn--")) return 0;
  int most = 0;
  while (!label.empty()) {
    const std::size_t end = std::min(label.find('-'), label.size());
    most = std::max(most, score(label.substr(0, end)));
    label.remove_prefix(std::min(end + 1, label.size()));
  }
  return most;
}

}  // namespace weir
