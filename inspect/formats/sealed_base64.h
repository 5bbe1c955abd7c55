// Base64 as it stands in armor, PEM and mails (RFC 4648, RFC 9580 section 6, RFC 7468): broken into
// lines, with a line or two around it. Only as much is decoded as is asked for: a decision about a
// large file needs its head. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

// What `text` holds as base64, its URL-safe alphabet too, blanks and line ends skipped, up to the
// first other character or `most` bytes.
std::string decode_base64_head(std::string_view text, std::size_t most);

// Whether `text` is nothing but base64 (either alphabet), padding, blanks and line ends, and holds
// some.
bool is_base64_text(std::string_view text);

// The position after `marker` at the start of a line within the first `within` bytes of `text`
// (blanks and ">" may stand before it), or npos.
std::size_t after_marker_line(std::string_view text, std::string_view marker, std::size_t from,
                              std::size_t within);

}  // namespace weir
