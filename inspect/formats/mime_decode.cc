#include "inspect/formats/mime_decode.h"

#include <algorithm>
#include <array>

#include "core/escape.h"

namespace weir {
namespace {

constexpr std::uint8_t kNoValue = 64;

constexpr std::array<std::uint8_t, 256> values_of(std::string_view alphabet) {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoValue);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr auto kBase64 = [] {
  auto values = values_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  values['-'] = 62;
  values['_'] = 63;
  return values;
}();
constexpr auto kXx = values_of("+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
constexpr auto kUu = [] {
  auto values = values_of(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_");
  values['`'] = 0;
  return values;
}();

std::uint8_t value_in(const std::array<std::uint8_t, 256>& values, char c) {
  return values[static_cast<unsigned char>(c)];
}

const std::array<std::uint8_t, 256>& alphabet_of(TextCoding coding) {
  return coding == TextCoding::xx ? kXx : kUu;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_line_end(char c) { return c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_white(std::string_view text, std::size_t at) {
  constexpr std::size_t kWidest = 256;
  const std::size_t end = std::min(text.size(), at + kWidest);
  while (at < end && (is_blank(text[at]) || is_line_end(text[at]))) ++at;
  return at;
}

// Of line ends and the blanks before and behind them.
std::size_t line_gap(std::string_view text, std::size_t at) {
  const std::size_t end = skip_white(text, at);
  const std::string_view gap = text.substr(at, end - at);
  return std::ranges::any_of(gap, is_line_end) ? gap.size() : 0;
}

// "\n", "\r\n" in a literal, or a backslash that continues it on the next line.
std::size_t escape_gap(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  if (end < text.size() && is_line_end(text[end])) return skip_white(text, end) - at;
  if (end < text.size() && text[end] == 'r') ++end;
  if (end + 1 < text.size() && text[end - 1] == 'r' && text[end] == '\\') ++end;
  return end < text.size() && text[end] == 'n' ? end + 1 - at : 0;
}

// Quote, operator, quote: "…" + "…", '…',\n'…', "…" & _\n "…".
std::size_t join_gap(std::string_view text, std::size_t at) {
  const char quote = text[at];
  std::size_t end = skip_white(text, at + 1);
  if (end >= text.size() || std::string_view("+,&.").find(text[end]) == std::string_view::npos) {
    return 0;
  }
  end = skip_white(text, end + 1);
  if (end < text.size() && text[end] == '_') end = skip_white(text, end + 1);
  return end < text.size() && text[end] == quote ? end + 1 - at : 0;
}

}  // namespace

std::uint8_t base64_value(char c) { return value_in(kBase64, c); }

std::size_t base64_gap(std::string_view text, std::size_t at) {
  switch (text[at]) {
    case ' ':
    case '\t':
    case '\r':
    case '\n': return line_gap(text, at);
    case '\\': return escape_gap(text, at);
    case '"':
    case '\'':
    case '`': return join_gap(text, at);
    default: return 0;
  }
}

bool is_uu_line(std::string_view line, TextCoding coding) {
  const auto& alphabet = alphabet_of(coding);
  if (line.empty()) return false;
  const std::size_t bytes = value_in(alphabet, line[0]);
  if (bytes == kNoValue || bytes > 45) return false;
  const std::size_t needed = (bytes * 8 + 5) / 6;  // trailing blanks may have been lost
  if (line.size() - 1 > (bytes + 2) / 3 * 4 + 2) return false;
  const bool blanks = coding == TextCoding::uu;
  if (line.size() - 1 < needed && !blanks) return false;
  return std::ranges::all_of(line, [&](char c) { return value_in(alphabet, c) != kNoValue; });
}

ByteView TextDecoder::read() {
  if (coding_ == TextCoding::none) {
    const std::string_view piece = text_.substr(at_, kPiece);
    at_ += piece.size();
    return as_bytes(piece);
  }
  out_.clear();
  while (out_.size() < kPiece && at_ < text_.size()) step();
  return as_bytes(out_);
}

void TextDecoder::step() {
  switch (coding_) {
    case TextCoding::none: return;
    case TextCoding::base64: return base64_step(false);
    case TextCoding::base64_literal: return base64_step(true);
    case TextCoding::quoted_printable: return quoted_step();
    case TextCoding::uu:
    case TextCoding::xx:
    case TextCoding::yenc: return line_step();
    case TextCoding::percent: return percent_step();
    case TextCoding::numbers: return number_step();
    case TextCoding::hex: return hex_step();
  }
}

void TextDecoder::base64_step(bool literal) {
  if (const std::size_t gap = literal ? base64_gap(text_, at_) : 0; gap > 0) {
    at_ += gap;
    return;
  }
  const char c = text_[at_++];
  if (c == '=') held_ = bits_ = 0;  // behind padding, some go on
  const std::uint8_t value = base64_value(c);
  if (value == kNoValue) return;
  bits_ = (bits_ << 6 | value) & 0xffffff;
  held_ += 6;
  if (held_ < 8) return;
  held_ -= 8;
  put(bits_ >> held_ & 0xff);
}

void TextDecoder::quoted_step() {
  const char c = text_[at_++];
  if (c != '=') return put(static_cast<unsigned char>(c));
  const std::string_view rest = text_.substr(at_);
  const int high = rest.size() >= 2 ? hex_digit(rest[0]) : -1;
  const int low = high >= 0 ? hex_digit(rest[1]) : -1;
  if (low >= 0) {
    at_ += 2;
    return put(static_cast<std::uint32_t>(high * 16 + low));
  }
  // A soft line break, blanks before the line end allowed.
  std::size_t end = 0;
  while (end < rest.size() && is_blank(rest[end]) && end < 128) ++end;
  const std::size_t blanks = end;
  if (end < rest.size() && rest[end] == '\r') ++end;
  if (end < rest.size() && rest[end] == '\n') ++end;
  if (end > blanks || end == rest.size()) {
    at_ += end;
  } else {
    put('=');
  }
}

void TextDecoder::line_step() {
  constexpr std::size_t kLongest = 1U << 20;
  const auto found = text_.substr(at_, kLongest).find('\n');
  const std::size_t size = std::min(found, std::min(text_.size() - at_, kLongest));
  std::string_view line = text_.substr(at_, size);
  at_ += size + (found == std::string_view::npos ? 0 : 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (coding_ == TextCoding::yenc) return yenc_line(line);
  if (is_uu_line(line, coding_)) uu_line(line);
}

void TextDecoder::uu_line(std::string_view line) {
  const auto& alphabet = alphabet_of(coding_);
  const std::size_t bytes = value_in(alphabet, line[0]);
  for (std::size_t i = 0; i < bytes; ++i) {
    const std::size_t first = 1 + i * 8 / 6;
    const auto at = [&](std::size_t place) {
      return place < line.size() ? std::uint32_t{value_in(alphabet, line[place])} : 0U;
    };
    put((at(first) << 6 | at(first + 1)) >> (4 - i % 3 * 2) & 0xff);
  }
}

void TextDecoder::yenc_line(std::string_view line) {
  if (line.starts_with("=y")) return;
  if (line.starts_with("..")) line.remove_prefix(1);
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool escaped = line[i] == '=' && i + 1 < line.size();
    if (escaped) ++i;
    put((static_cast<unsigned char>(line[i]) - 42U - (escaped ? 64U : 0U)) & 0xff);
  }
}

void TextDecoder::percent_step() {
  const char c = text_[at_++];
  const int high = c == '%' && at_ + 1 < text_.size() ? hex_digit(text_[at_]) : -1;
  const int low = high >= 0 ? hex_digit(text_[at_ + 1]) : -1;
  if (low >= 0) at_ += 2;
  put(low >= 0 ? static_cast<std::uint32_t>(high * 16 + low) : static_cast<unsigned char>(c));
}

void TextDecoder::number_step() {
  if (!is_digit(text_[at_])) {
    ++at_;
    return;
  }
  const bool wide = text_[at_] == '0' && at_ + 1 < text_.size() && (text_[at_ + 1] | 0x20) == 'x';
  if (wide) at_ += 2;
  std::uint32_t value = 0;
  while (at_ < text_.size() && (wide ? hex_digit(text_[at_]) >= 0 : is_digit(text_[at_]))) {
    value = value * (wide ? 16U : 10U) + static_cast<std::uint32_t>(hex_digit(text_[at_]));
    ++at_;
  }
  put(value & 0xff);
}

void TextDecoder::hex_step() {
  const int digit = hex_digit(text_[at_++]);
  if (digit < 0) return;
  bits_ = (bits_ << 4 | static_cast<std::uint32_t>(digit)) & 0xff;
  held_ += 4;
  if (held_ < 8) return;
  held_ = 0;
  put(bits_);
}

std::string decode_text_head(TextCoding coding, std::string_view text, std::size_t most) {
  TextDecoder decoder(coding, text);
  std::string head;
  while (head.size() < most) {
    const ByteView piece = decoder.read();
    if (piece.empty()) break;
    head += as_text(piece);
  }
  if (head.size() > most) head.resize(most);
  return head;
}

}  // namespace weir
