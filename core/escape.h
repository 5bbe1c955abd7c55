// Making remote text safe for where it is going, and undoing percent-encoding. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// For logs and error texts: printable ASCII stays, "\\", "\n", "\r", "\t" and "\xNN" stand for the
// rest, so that no line can be forged and no terminal driven. Cut at `most` bytes of input with
// "..." after it.
std::string escape_for_log(std::string_view text, std::size_t most = 1024);

// The same for a terminal, where people read names: letters of all scripts stay, what moves the
// cursor or turns the direction of text does not.
std::string escape_for_terminal(std::string_view text, std::size_t most = 1024);

// For HTML text and quoted attribute values. Invalid bytes stay; the page declares its charset.
std::string escape_html(std::string_view text);

// A quoted cell of a CSV line (RFC 4180), in one line, and never taken for a formula by a
// spreadsheet (OWASP, CSV injection). With the comma before it, unless `line` is empty.
void add_csv_cell(std::string& line, std::string_view cell);

// "%41" becomes "A"; a percent sign that starts no escape stays. May yield any byte, NUL included.
std::string percent_decode(std::string_view text);

// 0 to 15, or -1 for what is no hex digit.
int hex_digit(char c);

// The length of the valid UTF-8 sequence that `text` starts with, or 0 (RFC 3629: no overlong
// forms, no surrogates). `text` is not empty.
std::size_t utf8_length(std::string_view text);

}  // namespace weir
