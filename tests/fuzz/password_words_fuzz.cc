// Pages and text: bounded words, none of them empty or long.
#include <cstdlib>

#include "inspect/formats/password_words.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ByteView page(data, size);
  for (const bool html : {false, true}) {
    const auto words = weir::password_words(page, html, 16);
    if (words.size() > 16) std::abort();
    for (const auto& word : words) {
      if (word.empty() || word.size() > weir::kLongestPasswordWord) std::abort();
    }
  }
  return 0;
}
