// Appends JSON to a string: no tree, no allocation of its own, commas by itself. The caller keeps
// the order right (key before value, ends match begins); strings may be any bytes, what is not
// UTF-8 becomes U+FFFD. One owner, one thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

class JsonWriter {
 public:
  // Appends to `out`, which outlives the writer.
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  void key(std::string_view name);
  void string(std::string_view text);
  void boolean(bool value);
  void null();
  void number(std::integral auto value) {
    if constexpr (std::signed_integral<decltype(value)>) {
      signed_number(value);
    } else {
      unsigned_number(value);
    }
  }
  void number(double value);        // null when it is no finite number
  void raw(std::string_view json);  // one complete value, trusted

  // key() and value in one; the value's type picks the JSON type.
  void member(std::string_view name, std::string_view text) { key(name), string(text); }
  void member(std::string_view name, const std::string& text) { key(name), string(text); }
  void member(std::string_view name, const char* text) { key(name), string(text); }
  void member(std::string_view name, bool value) { key(name), boolean(value); }
  void member(std::string_view name, double value) { key(name), number(value); }
  void member(std::string_view name, std::integral auto value) { key(name), number(value); }
  void begin_object(std::string_view name) { key(name), begin_object(); }
  void begin_array(std::string_view name) { key(name), begin_array(); }

 private:
  void separate() {
    if (comma_) out_ += ',';
    comma_ = true;
  }
  void open(char bracket) {
    separate();
    out_ += bracket;
    comma_ = false;
  }
  void close(char bracket) {
    out_ += bracket;
    comma_ = true;
  }
  void quoted(std::string_view text);
  void signed_number(std::int64_t value);
  void unsigned_number(std::uint64_t value);

  std::string& out_;
  bool comma_ = false;  // a value came before on this level
};

// One string as a JSON value, quotes included.
std::string json_quote(std::string_view text);

}  // namespace weir
