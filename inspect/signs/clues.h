// Signs that are words: a row says which words must all be there, how near to each other, in which
// languages, and what that weighs. All words of a table are looked for in one pass over the text.
// Tables are constexpr; matching is a pure function with memory bounded by the table.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace weir {

enum Language : std::uint16_t {
  kShell = 1,
  kPython = 2,
  kPerl = 4,
  kPhp = 8,
  kJs = 16,
  kVbs = 32,
  kPowershell = 64,
  kBatch = 128,
  kHta = 256,
  kHtml = 512,
  kProse = 1024,  // text of no known language: documentation more often than code
  kMacro = 2048,
  kOffice = 4096,  // parts of Office documents
  kHostJs = 8192,  // JavaScript that speaks of Windows Script Host or of child processes
};

// Words are as unfold() leaves text: lower case, no white space beside ()[]{}|&;,=+<>. In a word
// "~" stands between alternatives, "\b" at either end for the edge of a word.
struct Clue {
  std::string_view sign;
  std::uint8_t score = 0;
  std::uint16_t languages = 0;
  std::uint16_t within = 0;  // between the beginnings of the words; 0: anywhere
  std::array<std::string_view, 4> all;
  bool ordered = false;  // the words follow each other as they stand here
};

struct Phrase {
  std::string_view text;
  bool starts_word = false, ends_word = false;
  std::uint16_t slot = 0;  // of which word of which row: row * 4 + word
  std::uint16_t next = 0;  // the next phrase of the bucket; 0: none
};

constexpr std::size_t kClueWords = 4, kPhraseBuckets = 8192;

constexpr std::size_t phrase_bucket(char a, char b, char c) {
  const auto byte = [](char one) { return std::size_t{static_cast<unsigned char>(one)}; };
  return (byte(a) * 1021 + byte(b) * 37 + byte(c)) % kPhraseBuckets;
}

constexpr std::size_t count_phrases(std::span<const Clue> clues) {
  std::size_t count = 0;
  for (const Clue& clue : clues) {
    for (const std::string_view word : clue.all) {
      if (word.empty()) continue;
      ++count;
      for (const char c : word) count += c == '~' ? 1 : 0;
    }
  }
  return count;
}

// The phrases of a table, ready to be looked for. Number 0 is unused.
template <std::size_t kCount>
struct ClueIndex {
  std::array<Phrase, kCount + 1> phrases{};
  std::array<std::uint16_t, kPhraseBuckets> first{};
};

constexpr Phrase make_phrase(std::string_view text, std::size_t slot) {
  Phrase phrase;
  phrase.slot = static_cast<std::uint16_t>(slot);
  if (text.starts_with('\b')) {
    phrase.starts_word = true;
    text.remove_prefix(1);
  }
  if (text.ends_with('\b')) {
    phrase.ends_word = true;
    text.remove_suffix(1);
  }
  phrase.text = text;
  return phrase;
}

template <std::size_t kCount>
constexpr ClueIndex<kCount> index_clues(std::span<const Clue> clues) {
  ClueIndex<kCount> index;
  std::uint16_t made = 0;
  for (std::size_t slot = 0; slot < clues.size() * kClueWords; ++slot) {
    std::string_view word = clues[slot / kClueWords].all[slot % kClueWords];
    while (!word.empty()) {
      const std::size_t end = std::min(word.find('~'), word.size());
      Phrase phrase = make_phrase(word.substr(0, end), slot);
      std::uint16_t& first =
          index.first[phrase_bucket(phrase.text[0], phrase.text[1], phrase.text[2])];
      phrase.next = first;
      first = ++made;
      index.phrases[made] = phrase;
      word.remove_prefix(std::min(end + 1, word.size()));
    }
  }
  return index;
}

struct ClueTable {
  std::span<const Clue> clues;
  std::span<const Phrase> phrases;
  std::span<const std::uint16_t> first;
};

// The rows that the text has, in the order of the table.
std::vector<const Clue*> match_clues(std::string_view text, const ClueTable& table,
                                     std::uint16_t languages);

ClueTable script_clues();
ClueTable macro_clues();

}  // namespace weir
