#include "core/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "core/escape.h"

namespace weir {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// Bytes that stand for themselves inside a JSON string.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t i = 0x20; i < 0x7f; ++i) plain[i] = true;
  plain['"'] = false;
  plain['\\'] = false;
  return plain;
}();

bool is_plain(char c) { return kPlain[static_cast<unsigned char>(c)]; }

// Whether eight bytes are all plain: the high bit of a byte is set by what is not (the well-known
// "has a byte less than" and "has a zero byte" tricks; false alarms only cost a slower look).
bool all_plain(std::uint64_t eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  const auto zero_in = [](std::uint64_t value) { return (value - kOnes) & ~value; };
  const std::uint64_t odd = eight | (eight - kOnes * 0x20) | zero_in(eight ^ kOnes * '"') |
                            zero_in(eight ^ kOnes * '\\') | zero_in(eight ^ kOnes * 0x7f);
  return (odd & kHighs) == 0;
}

// How many plain bytes the text starts with.
std::size_t plain_run(std::string_view text) {
  std::size_t run = 0;
  for (std::uint64_t eight = 0; text.size() - run >= sizeof eight; run += sizeof eight) {
    std::memcpy(&eight, text.data() + run, sizeof eight);
    if (!all_plain(eight)) break;
  }
  while (run < text.size() && is_plain(text[run])) ++run;
  return run;
}

void append_control(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  out += "\\u00";
  out += kHex[static_cast<unsigned char>(c) >> 4];
  out += kHex[static_cast<unsigned char>(c) & 15];
}

template <class Number>
void append_digits(std::string& out, Number value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

}  // namespace

void JsonWriter::key(std::string_view name) {
  separate();
  quoted(name);
  out_ += ':';
  comma_ = false;
}

void JsonWriter::string(std::string_view text) {
  separate();
  quoted(text);
}

void JsonWriter::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
}

void JsonWriter::null() {
  separate();
  out_ += "null";
}

void JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
}

void JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();
  separate();
  append_digits(out_, value);
}

void JsonWriter::signed_number(std::int64_t value) {
  separate();
  append_digits(out_, value);
}

void JsonWriter::unsigned_number(std::uint64_t value) {
  separate();
  append_digits(out_, value);
}

// Runs of plain bytes are appended whole: almost every string is one run.
void JsonWriter::quoted(std::string_view text) {
  out_ += '"';
  while (!text.empty()) {
    const std::size_t run = plain_run(text);
    out_.append(text.data(), run);
    text.remove_prefix(run);
    if (text.empty()) break;
    if (static_cast<unsigned char>(text.front()) < 0x80) {
      append_control(out_, text.front());
      text.remove_prefix(1);
    } else if (const std::size_t length = utf8_length(text); length > 0) {
      out_.append(text.data(), length);
      text.remove_prefix(length);
    } else {
      out_ += kReplacement;
      text.remove_prefix(1);
    }
  }
  out_ += '"';
}

std::string json_quote(std::string_view text) {
  std::string out;
  JsonWriter(out).string(text);
  return out;
}

}  // namespace weir
