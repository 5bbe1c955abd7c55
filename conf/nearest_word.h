// Finds what somebody probably meant. Pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// How many insertions, deletions, replacements and swaps of neighbours turn one into the other
// (case is ignored).
std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of the words when it is near enough to be meant, else "".
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> words);

// " (did you mean 'host'?)" or "".
std::string did_you_mean(std::string_view word, std::span<const std::string_view> words);

// "hold trickle stream" as its words.
std::vector<std::string_view> split_words(std::string_view spaced);

// "hold, trickle, stream" for messages.
std::string joined(std::span<const std::string_view> words);

}  // namespace weir
