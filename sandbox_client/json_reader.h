// JSON (RFC 8259) from strangers, as a tree that cannot be larger than the limits say. Asking for
// what is not there, or is of another kind, gives an empty value: read what is needed, then judge
// it. Plain values; a parsed tree owns its bytes. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace weir {

struct JsonLimits {
  unsigned depth = 32;           // arrays and objects inside each other
  std::size_t values = 200'000;  // in all; each costs about 100 bytes
};

class JsonValue {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }

  // "" and no number for what is of another kind. A string is valid UTF-8 and may hold NUL.
  std::string_view text() const { return text_; }
  std::optional<bool> boolean() const;
  std::optional<double> number() const;         // finite
  std::optional<std::int64_t> integer() const;  // of a number without a fraction

  // Elements of an array, or members' values of an object; key(i) belongs to items()[i].
  std::span<const JsonValue> items() const { return items_; }
  std::string_view key(std::size_t index) const { return keys_[index]; }

  // The last member of this name, or an empty value. Linear: for a few known names.
  const JsonValue& operator[](std::string_view name) const;

 private:
  friend class JsonParser;
  Kind kind_ = Kind::null;
  bool boolean_ = false;
  double number_ = 0;
  std::string text_;
  std::vector<JsonValue> items_;
  std::vector<std::string> keys_;
};

// malformed or too_large; the error names the byte.
Result<JsonValue> read_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace weir
