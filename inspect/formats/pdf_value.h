// The objects of a PDF file (ISO 32000-2, 7.3) as far as finding its trailer and its encryption
// needs them: read from bytes that may say anything, never deeper or larger than a bound. What does
// not fit is no value; nothing throws. Plain values, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace weir {

class PdfValue {
 public:
  enum class Kind : std::uint8_t {
    null,
    boolean,
    number,
    string,
    name,
    array,
    dictionary,
    reference
  };

  Kind kind = Kind::null;
  std::int64_t number = 0;  // of a number (cut), a boolean, or the object that is referred to
  std::uint32_t generation = 0;
  std::string text;               // of a string, or a name without its slash, escapes undone
  std::vector<PdfValue> items;    // of an array, or the values of a dictionary
  std::vector<std::string> keys;  // of a dictionary, one for each item

  bool is(Kind one) const { return kind == one; }
  bool is_name(std::string_view name) const { return kind == Kind::name && text == name; }
  // Of a dictionary; the last one counts, null when there is none.
  const PdfValue* find(std::string_view key) const;
  std::optional<std::int64_t> number_of(std::string_view key) const;
  std::string_view name_of(std::string_view key) const;
};

// Reads one token or value after another.
class PdfReader {
 public:
  explicit PdfReader(ByteView file, std::size_t at = 0) : text_(as_text(file)), at_(at) {}

  std::size_t position() const { return at_; }
  void skip_blanks();  // and comments
  // Passes a keyword ("obj", "trailer", "stream") if it is next.
  bool keyword(std::string_view word);
  // An integer that is not signed and not longer than 19 digits.
  std::optional<std::uint64_t> integer();
  // Nullopt when what is next is no value; the position then means nothing.
  std::optional<PdfValue> value() { return value(0); }

 private:
  static constexpr int kDeepest = 32;
  static constexpr std::size_t kMostValues = 100'000, kLongestString = 64 * 1024;

  std::optional<PdfValue> value(int depth);
  std::optional<PdfValue> number_or_reference();
  std::optional<PdfValue> array(int depth);
  std::optional<PdfValue> dictionary(int depth);
  std::optional<PdfValue> word();
  std::optional<std::string> name();
  std::optional<PdfValue> literal_string();
  std::optional<PdfValue> hex_string();
  void escaped_character(std::string& out);
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string_view text_;
  std::size_t at_ = 0, values_ = 0;
};

bool is_pdf_blank(char c);
bool is_pdf_regular(char c);  // neither blank nor delimiter

}  // namespace weir
