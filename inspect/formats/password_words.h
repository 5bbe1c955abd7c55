// What a page calls a password in the text that a person sees: "Password: infected",
// 「パスワード：1234」. Candidates for opening what is downloaded from there; a guess, never
// evidence. Reads at most the first MiB; pure, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/bytes.h"

namespace weir {

inline constexpr std::size_t kLongestPasswordWord = 64;  // bytes

// At most `most` words, those that follow a colon or stand in quotes first. UTF-8 as on the page;
// full-width digits and letters are given as ASCII too. `html`: tags are not part of the text.
std::vector<std::string> password_words(ByteView page, bool html, std::size_t most);

}  // namespace weir
