// Text as an interpreter will come to see it: decoded from UTF-8 or UTF-16, lower case, white space
// folded, and with the cheap disguises undone: concatenated pieces, character codes, escapes,
// carets and backticks inside words. What was undone is counted, for disguise is a sign by itself.
// Pure functions; memory is bounded by what is read of the file (kMostText at each end).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/file_type.h"

namespace weir {

inline constexpr std::size_t kMostText = 1024 * 1024;

// The file's text with its letter case, without a byte order mark; of a longer file its beginning
// and its end. Empty when it is no text.
std::string text_of(ByteView bytes);

// Which disguises cannot be undone without spoiling code: x^y is caret in JavaScript, not a trick.
struct UnfoldOptions {
  bool carets = false;
};

struct Unfolded {
  std::string text;                 // begins with a space
  std::size_t escaped_letters = 0;  // \x61, \u0061, %61 for letters and digits
  std::size_t character_codes = 0;  // chr(97), [char]97, fromCharCode(97, …)
  std::size_t short_joins = 0;      // "po"+"we"+"r": pieces of up to three characters
  std::size_t ticks = 0;            // p^o^w, i`e`x
};
Unfolded unfold(std::string_view text, UnfoldOptions options);

// What lies in the text as base64 (RFC 4648 section 4), in runs of at least kShortestRun
// characters, wrapped ones too.
struct Buried {
  std::string text;             // what decodes to text, all together
  std::vector<FileType> files;  // what decodes to a file of a known binary type
};
Buried dig(std::string_view text);

}  // namespace weir
