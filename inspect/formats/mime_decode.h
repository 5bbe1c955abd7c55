// The codings that put bytes into text, decoded as loosely as mail programs and scripts do, piece
// by piece: base64 and quoted-printable (RFC 2045, section 6), uuencode (POSIX), xxencode,
// yEnc 1.3, percent-encoding (RFC 3986), lists of numbers, hex. What is no code is passed over. The
// memory is one piece. Keeps a view of the text. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace weir {

enum class TextCoding : std::uint8_t {
  none,
  base64,
  base64_literal,  // with the quotes and signs between the pieces of a source's string
  quoted_printable,
  uu,
  xx,
  yenc,
  percent,
  numbers,  // "77, 0x5a, 144"
  hex,      // "4d5a90", "\x4d\x5a\x90"
};

class TextDecoder {
 public:
  TextDecoder() = default;
  TextDecoder(TextCoding coding, std::string_view text) : coding_(coding), text_(text) {}

  // Valid until the next call; empty at the end.
  ByteView read();

 private:
  static constexpr std::size_t kPiece = 64 * 1024;

  void step();  // decodes a little, and always moves on
  void base64_step(bool literal);
  void quoted_step();
  void line_step();
  void uu_line(std::string_view line);
  void yenc_line(std::string_view line);
  void percent_step();
  void number_step();
  void hex_step();
  void put(std::uint32_t byte) { out_ += static_cast<char>(byte); }

  TextCoding coding_ = TextCoding::none;
  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t bits_ = 0;
  unsigned held_ = 0;
  std::string out_;
};

// The first `most` bytes.
std::string decode_text_head(TextCoding coding, std::string_view text, std::size_t most);

// 0 to 63 for either base64 alphabet, 64 for other characters.
std::uint8_t base64_value(char c);
// How many characters at `at` only join two pieces of one base64 text: line ends with the blanks
// around them, "\n" as it is written in a literal, a quote with an operator and the next quote.
// 0: none do.
std::size_t base64_gap(std::string_view text, std::size_t at);
// Whether this can be a line of the body of uuencode or xxencode.
bool is_uu_line(std::string_view line, TextCoding coding);

}  // namespace weir
