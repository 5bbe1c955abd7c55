#include "sandbox_client/json_reader.h"

#include <charconv>
#include <cmath>
#include <ranges>

#include "core/escape.h"

namespace weir {

std::optional<bool> JsonValue::boolean() const {
  return kind_ == Kind::boolean ? std::optional(boolean_) : std::nullopt;
}

std::optional<double> JsonValue::number() const {
  return kind_ == Kind::number ? std::optional(number_) : std::nullopt;
}

std::optional<std::int64_t> JsonValue::integer() const {
  // Beyond 2^53 neighbours look the same, so such an id would not be the one that was sent.
  constexpr double kMost = 9007199254740992.0;
  if (kind_ != Kind::number || number_ != std::trunc(number_)) return std::nullopt;
  if (std::abs(number_) > kMost) return std::nullopt;
  return static_cast<std::int64_t>(number_);
}

const JsonValue& JsonValue::operator[](std::string_view name) const {
  static const JsonValue kNone;
  for (std::size_t i = keys_.size(); i-- > 0;) {
    if (keys_[i] == name) return items_[i];
  }
  return kNone;
}

// Recursive descent, as deep as the limits say. The first problem ends it.
class JsonParser {
 public:
  JsonParser(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  Result<JsonValue> parse() {
    JsonValue value;
    const bool good = read(value, 0) && (space(), at_ == text_.size() || wrong("more after it"));
    if (good) return value;
    const std::string what =
        "JSON, byte " + std::to_string(at_) + ": " + (problem_ ? problem_ : "ends early");
    return fail(too_large_ ? Errc::too_large : Errc::malformed, Fault::helper, what);
  }

 private:
  using Kind = JsonValue::Kind;

  bool wrong(const char* problem) {
    if (problem_ == nullptr) problem_ = problem;
    return false;
  }
  bool over(const char* problem) {
    too_large_ = true;
    return wrong(problem);
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
  }
  bool eat(char c) {
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view expected) {
    if (!text_.substr(at_).starts_with(expected)) return wrong("no value");
    at_ += expected.size();
    return true;
  }

  bool read(JsonValue& value, unsigned depth) {
    if (++values_ > limits_.values) return over("more values than allowed");
    if (depth > limits_.depth) return over("deeper than allowed");
    space();
    switch (peek()) {
      case '{': return object(value, depth);
      case '[': return array(value, depth);
      case '"': value.kind_ = Kind::string; return string(value.text_);
      case 't': set_boolean(value, true); return word("true");
      case 'f': set_boolean(value, false); return word("false");
      case 'n': return word("null");
      default: return number(value);
    }
  }

  static void set_boolean(JsonValue& value, bool boolean) {
    value.kind_ = Kind::boolean;
    value.boolean_ = boolean;
  }

  bool array(JsonValue& value, unsigned depth) {
    value.kind_ = Kind::array;
    ++at_;
    space();
    if (eat(']')) return true;
    do {
      if (!read(value.items_.emplace_back(), depth + 1)) return false;
      space();
    } while (eat(','));
    return eat(']') || wrong("no ] or ,");
  }

  bool object(JsonValue& value, unsigned depth) {
    value.kind_ = Kind::object;
    ++at_;
    space();
    if (eat('}')) return true;
    do {
      space();
      if (peek() != '"' || !string(value.keys_.emplace_back())) return wrong("no member name");
      space();
      if (!eat(':')) return wrong("no :");
      if (!read(value.items_.emplace_back(), depth + 1)) return false;
      space();
    } while (eat(','));
    return eat('}') || wrong("no } or ,");
  }

  bool digits() {
    const std::size_t from = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > from;
  }

  // The grammar of RFC 8259, section 6; from_chars alone takes more than that.
  bool number(JsonValue& value) {
    const std::size_t from = at_;
    eat('-');
    if (!eat('0') && !digits()) return wrong("no value");
    if (eat('.') && !digits()) return wrong("no digit");
    if (eat('e') || eat('E')) {
      if (!eat('+')) eat('-');
      if (!digits()) return wrong("no digit");
    }
    const auto [end, error] =
        std::from_chars(text_.data() + from, text_.data() + at_, value.number_);
    if (error != std::errc() || !std::isfinite(value.number_)) return wrong("number out of range");
    value.kind_ = Kind::number;
    return true;
  }

  bool string(std::string& out) {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') return ++at_, true;
      if (c == '\\') {
        if (!escape(out)) return false;
        continue;
      }
      if (static_cast<unsigned char>(c) < 0x20) return wrong("control byte in a string");
      const std::size_t length = utf8_length(text_.substr(at_));
      if (length == 0) return wrong("no UTF-8");
      out.append(text_, at_, length);
      at_ += length;
    }
    return wrong("string does not end");
  }

  bool escape(std::string& out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeaning = "\"\\/\b\f\n\r\t";
    ++at_;
    if (eat('u')) return unicode(out);
    const std::size_t index = kLetters.find(peek());
    if (at_ == text_.size() || index == kLetters.npos) return wrong("no escape");
    out += kMeaning[index];
    ++at_;
    return true;
  }

  std::optional<std::uint32_t> four_digits() {
    std::uint32_t unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const int digit = at_ < text_.size() ? hex_digit(text_[at_]) : -1;
      if (digit < 0) return std::nullopt;
      unit = unit << 4 | static_cast<std::uint32_t>(digit);
    }
    return unit;
  }

  bool unicode(std::string& out) {
    const auto first = four_digits();
    if (!first) return wrong("no \\u escape");
    std::uint32_t point = *first;
    if (point >= 0xd800 && point < 0xdc00 && text_.substr(at_).starts_with("\\u")) {
      const std::size_t back = at_;
      at_ += 2;
      const auto second = four_digits();
      if (!second) return wrong("no \\u escape");
      if (*second >= 0xdc00 && *second < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (*second - 0xdc00);
      } else {
        at_ = back;  // the pair is broken; the second stands for itself
      }
    }
    append_utf8(out, point >= 0xd800 && point < 0xe000 ? 0xfffd : point);
    return true;
  }

  static void append_utf8(std::string& out, std::uint32_t point) {
    const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
    if (point < 0x80) return byte(point);
    if (point < 0x800) {
      byte(0xc0 | point >> 6);
    } else if (point < 0x10000) {
      byte(0xe0 | point >> 12), byte(0x80 | (point >> 6 & 0x3f));
    } else {
      byte(0xf0 | point >> 18), byte(0x80 | (point >> 12 & 0x3f));
      byte(0x80 | (point >> 6 & 0x3f));
    }
    byte(0x80 | (point & 0x3f));
  }

  std::string_view text_;
  JsonLimits limits_;
  std::size_t at_ = 0, values_ = 0;
  const char* problem_ = nullptr;
  bool too_large_ = false;
};

Result<JsonValue> read_json(std::string_view text, const JsonLimits& limits) {
  return JsonParser(text, limits).parse();
}

}  // namespace weir
