#include "inspect/formats/pdf_value.h"

#include <algorithm>
#include <utility>

#include "core/escape.h"

namespace weir {
namespace {

using Kind = PdfValue::Kind;

PdfValue value_of(Kind kind, std::int64_t number = 0) {
  PdfValue value;
  value.kind = kind;
  value.number = number;
  return value;
}

PdfValue text_value(Kind kind, std::string text) {
  PdfValue value;
  value.kind = kind;
  value.text = std::move(text);
  return value;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool is_pdf_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\0';
}

bool is_pdf_regular(char c) {
  return !is_pdf_blank(c) && std::string_view("()<>[]{}/%").find(c) == std::string_view::npos;
}

const PdfValue* PdfValue::find(std::string_view key) const {
  const auto found = std::find(keys.rbegin(), keys.rend(), key);
  return found == keys.rend() ? nullptr : &items[static_cast<std::size_t>(keys.rend() - found) - 1];
}

std::optional<std::int64_t> PdfValue::number_of(std::string_view key) const {
  const PdfValue* value = find(key);
  if (value == nullptr || !value->is(Kind::number)) return std::nullopt;
  return value->number;
}

std::string_view PdfValue::name_of(std::string_view key) const {
  const PdfValue* value = find(key);
  return value != nullptr && value->is(Kind::name) ? std::string_view(value->text)
                                                   : std::string_view();
}

void PdfReader::skip_blanks() {
  while (at_ < text_.size()) {
    if (text_[at_] == '%') {
      at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
    } else if (is_pdf_blank(text_[at_])) {
      ++at_;
    } else {
      return;
    }
  }
}

bool PdfReader::keyword(std::string_view word) {
  skip_blanks();
  if (at_ > text_.size() || !text_.substr(at_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

std::optional<std::uint64_t> PdfReader::integer() {
  skip_blanks();
  const std::size_t start = at_;
  std::uint64_t value = 0;
  while (is_digit(next()) && at_ - start < 19) {
    value = value * 10 + static_cast<std::uint64_t>(next() - '0');
    ++at_;
  }
  if (at_ == start) return std::nullopt;
  return value;
}

std::optional<PdfValue> PdfReader::value(int depth) {
  if (depth > kDeepest || ++values_ > kMostValues) return std::nullopt;
  skip_blanks();
  if (at_ >= text_.size()) return std::nullopt;
  const char c = text_[at_];
  if (c == '/') {
    auto text = name();
    if (!text) return std::nullopt;
    return text_value(Kind::name, std::move(*text));
  }
  if (c == '(') return literal_string();
  if (c == '[') return array(depth);
  if (c == '<') return text_.substr(at_).starts_with("<<") ? dictionary(depth) : hex_string();
  if (is_digit(c) || c == '+' || c == '-' || c == '.') return number_or_reference();
  return word();
}

std::optional<PdfValue> PdfReader::word() {
  const std::size_t start = at_;
  while (at_ < text_.size() && is_pdf_regular(text_[at_])) ++at_;
  const std::string_view word = text_.substr(start, at_ - start);
  if (word == "true" || word == "false") return value_of(Kind::boolean, word == "true" ? 1 : 0);
  if (word == "null") return value_of(Kind::null);
  return std::nullopt;
}

std::optional<PdfValue> PdfReader::number_or_reference() {
  const bool negative = next() == '-';
  if (next() == '+' || next() == '-') ++at_;
  const auto whole = next() == '.' ? std::optional<std::uint64_t>(0) : integer();
  if (!whole) return std::nullopt;
  const bool real = next() == '.';
  while (at_ < text_.size() && is_pdf_regular(text_[at_])) ++at_;
  const auto signed_whole = static_cast<std::int64_t>(*whole & 0x7fffffffffffffff);
  PdfValue value = value_of(Kind::number, negative ? -signed_whole : signed_whole);
  if (real || negative) return value;
  const std::size_t after = at_;
  const auto generation = integer();
  if (generation && *generation <= 65535 && keyword("R") && !is_pdf_regular(next())) {
    value.kind = Kind::reference;
    value.generation = static_cast<std::uint32_t>(*generation);
  } else {
    at_ = after;
  }
  return value;
}

std::optional<PdfValue> PdfReader::array(int depth) {
  ++at_;
  PdfValue list = value_of(Kind::array);
  while (true) {
    skip_blanks();
    if (at_ >= text_.size()) return std::nullopt;
    if (next() == ']') break;
    auto item = value(depth + 1);
    if (!item) return std::nullopt;
    list.items.push_back(std::move(*item));
  }
  ++at_;
  return list;
}

std::optional<PdfValue> PdfReader::dictionary(int depth) {
  at_ += 2;
  PdfValue dictionary = value_of(Kind::dictionary);
  while (!keyword(">>")) {
    auto key = name();
    if (!key) return std::nullopt;
    skip_blanks();
    // A key without a value, as sloppy writers leave it.
    if (next() == '>') continue;
    auto item = value(depth + 1);
    if (!item) return std::nullopt;
    dictionary.keys.push_back(std::move(*key));
    dictionary.items.push_back(std::move(*item));
  }
  return dictionary;
}

std::optional<std::string> PdfReader::name() {
  skip_blanks();
  if (next() != '/') return std::nullopt;
  std::string out;
  for (++at_; at_ < text_.size() && is_pdf_regular(text_[at_]); ++at_) {
    const int high = text_[at_] == '#' && at_ + 2 < text_.size() ? hex_digit(text_[at_ + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text_[at_ + 2]) : -1;
    if (low >= 0) at_ += 2;
    out += low >= 0 ? static_cast<char>(high * 16 + low) : text_[at_];
    if (out.size() > kLongestString) return std::nullopt;
  }
  return out;
}

std::optional<PdfValue> PdfReader::hex_string() {
  std::string out;
  int held = -1;
  for (++at_; at_ < text_.size() && text_[at_] != '>'; ++at_) {
    const int digit = hex_digit(text_[at_]);
    if (digit < 0) continue;
    if (held >= 0) out += static_cast<char>(held * 16 + digit);
    held = held >= 0 ? -1 : digit;
    if (out.size() > kLongestString) return std::nullopt;
  }
  if (at_ >= text_.size()) return std::nullopt;
  if (held >= 0) out += static_cast<char>(held * 16);
  ++at_;
  return text_value(Kind::string, std::move(out));
}

// 7.3.4.2: after a backslash.
void PdfReader::escaped_character(std::string& out) {
  constexpr std::string_view kLetters = "nrtbf", kMeanings = "\n\r\t\b\f";
  const char c = next();
  if (const auto letter = kLetters.find(c); letter != std::string_view::npos) {
    out += kMeanings[letter];
  } else if (c >= '0' && c <= '7') {
    int code = 0;
    std::size_t digits = 0;
    for (; digits < 3 && next() >= '0' && next() <= '7'; ++digits) {
      code = code * 8 + (next() - '0');
      ++at_;
    }
    out += static_cast<char>(code);
    --at_;
  } else if (c == '\r') {
    if (at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
  } else if (c != '\n') {
    out += c;
  }
}

std::optional<PdfValue> PdfReader::literal_string() {
  std::string out;
  std::size_t open = 0;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '\\') {
      ++at_;
      escaped_character(out);
      continue;
    }
    if (c == ')' && --open == 0) {
      ++at_;
      return text_value(Kind::string, std::move(out));
    }
    if (c == '(' && ++open == 1) continue;
    // A bare line end of any kind is a line feed.
    const bool pair = c == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n';
    if (!pair) out += c == '\r' ? '\n' : c;
    if (out.size() > kLongestString) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace weir
