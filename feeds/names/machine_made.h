// How much a registered name looks as if a program had made it up (domain generation algorithms),
// by a likelihood ratio: what the label costs in bits under a model of names that people make (the
// bigrams of bigram_table.h) less what it costs as a string of random letters, letters and digits,
// or hex digits, whichever is cheapest. Names made of dictionary words are not told: they look like
// people's. Short labels, numbers and Punycode never count. Measured in docs/names.md. Pure
// functions.
#pragma once

#include <string_view>

namespace weir {

inline constexpr int kMachineMade = 75;  // what policy takes for machine-made unless it says more

// 0 to 100 for the first label of `registrable` (feeds/public_suffix.h): 50 + 2 for each bit that
// the random string explains it better, so 75 stands for six thousand to one.
int machine_made_score(std::string_view registrable);

}  // namespace weir
