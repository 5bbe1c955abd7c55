#include "inspect/signs/clues.h"

#include <limits>

namespace weir {
namespace {

constexpr std::size_t kMostPlaces =
    1024;  // of one word: no honest file repeats its tricks as often

using Places = std::vector<std::uint32_t>;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_at(std::string_view text, std::size_t at, const Phrase& phrase) {
  if (!text.substr(at).starts_with(phrase.text)) return false;
  if (phrase.starts_word && at > 0 && is_word(text[at - 1])) return false;
  const std::size_t end = at + phrase.text.size();
  return !phrase.ends_word || end >= text.size() || !is_word(text[end]);
}

std::vector<Places> find_all(std::string_view text, const ClueTable& table) {
  std::vector<Places> places(table.clues.size() * kClueWords);
  for (std::size_t at = 0; at + 2 < text.size(); ++at) {
    std::uint16_t number = table.first[phrase_bucket(text[at], text[at + 1], text[at + 2])];
    for (; number != 0; number = table.phrases[number].next) {
      const Phrase& phrase = table.phrases[number];
      Places& seen = places[phrase.slot];
      if (seen.size() >= kMostPlaces || !is_at(text, at, phrase)) continue;
      seen.push_back(static_cast<std::uint32_t>(at));
    }
  }
  return places;
}

// Whether one place of each list lies within `within` of all the others: the lowest moves on until
// they do or one list ends.
bool are_near(std::span<const Places> lists, std::size_t words, std::uint32_t within) {
  std::array<std::size_t, kClueWords> next{};
  for (;;) {
    std::size_t lowest = 0;
    std::uint32_t low = std::numeric_limits<std::uint32_t>::max(), high = 0;
    for (std::size_t i = 0; i < words; ++i) {
      if (next[i] >= lists[i].size()) return false;
      const std::uint32_t place = lists[i][next[i]];
      high = std::max(high, place);
      if (place < low) {
        low = place;
        lowest = i;
      }
    }
    if (high - low <= within) return true;
    ++next[lowest];
  }
}

// The same for words in their order: from each place of the first, the nearest of the next and so
// on.
bool are_in_order(std::span<const Places> lists, std::size_t words, std::uint32_t within) {
  return std::ranges::any_of(lists[0], [&](std::uint32_t first) {
    std::uint32_t at = first;
    for (std::size_t i = 1; i < words; ++i) {
      const auto next = std::ranges::upper_bound(lists[i], at);
      if (next == lists[i].end()) return false;
      at = *next;
    }
    return at - first <= within;
  });
}

bool fits(const Clue& clue, std::span<const Places> lists) {
  std::size_t words = 0;
  while (words < kClueWords && !clue.all[words].empty()) ++words;
  for (std::size_t i = 0; i < words; ++i) {
    if (lists[i].empty()) return false;
  }
  if (clue.within == 0) return true;
  return clue.ordered ? are_in_order(lists, words, clue.within)
                      : are_near(lists, words, clue.within);
}

}  // namespace

std::vector<const Clue*> match_clues(std::string_view text, const ClueTable& table,
                                     std::uint16_t languages) {
  const std::vector<Places> places = find_all(text, table);
  std::vector<const Clue*> found;
  for (std::size_t i = 0; i < table.clues.size(); ++i) {
    const Clue& clue = table.clues[i];
    if ((clue.languages & languages) == 0) continue;
    const auto lists = std::span(places).subspan(i * kClueWords, kClueWords);
    if (fits(clue, lists)) found.push_back(&clue);
  }
  return found;
}

}  // namespace weir
