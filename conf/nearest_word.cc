#include "conf/nearest_word.h"

#include <algorithm>

#include "core/http_message.h"

namespace weir {
namespace {

constexpr std::size_t kLongestWord = 64;  // longer ones are no typing errors

}  // namespace

// Optimal string alignment; three rows of the table are enough.
std::size_t edit_distance(std::string_view a_text, std::string_view b_text) {
  const std::string a = to_lower(a_text);
  const std::string b = to_lower(b_text);
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(above);
    above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> words) {
  if (word.empty() || word.size() > kLongestWord) return {};
  std::string_view nearest;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : words) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> words) {
  const std::string_view nearest = nearest_word(word, words);
  return nearest.empty() ? "" : " (did you mean '" + std::string(nearest) + "'?)";
}

std::vector<std::string_view> split_words(std::string_view spaced) {
  std::vector<std::string_view> words;
  while (!spaced.empty()) {
    const std::size_t space = std::min(spaced.find(' '), spaced.size());
    if (space > 0) words.push_back(spaced.substr(0, space));
    spaced.remove_prefix(std::min(space + 1, spaced.size()));
  }
  return words;
}

std::string joined(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

}  // namespace weir
