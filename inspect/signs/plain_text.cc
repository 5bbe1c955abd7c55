#include "inspect/signs/plain_text.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/base64.h"
#include "core/escape.h"
#include "inspect/formats/pe_file.h"

namespace weir {
namespace {

constexpr std::size_t kHead = 1445;  // what browsers look at to tell text (WHATWG MIME Sniffing)
constexpr std::size_t kShortestRun = 40, kWrappedLine = 56;
constexpr std::size_t kMostRuns = 400, kMostBuried = 256 * 1024;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
bool is_word(char c) { return is_letter(c) || is_digit(c); }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_line_end(char c) { return c == '\n' || c == '\r'; }

// Around these white space means nothing to almost every language.
bool is_tight(char c) {
  return std::string_view("()[]{}|&;,=+<>").find(c) != std::string_view::npos;
}

bool is_binary(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x09 || byte == 0x0b || (byte > 0x0d && byte < 0x20 && byte != 0x1b);
}

enum class Width : std::uint8_t { narrow, little, big };

// By byte order mark, or where every second byte of the first letters is zero.
Width width_of(std::string_view text) {
  if (text.starts_with("\xff\xfe")) return Width::little;
  if (text.starts_with("\xfe\xff")) return Width::big;
  constexpr std::size_t kLook = 16;
  if (text.size() < kLook) return Width::narrow;
  const auto zero_at = [&](std::size_t parity) {
    for (std::size_t i = 0; i < kLook; ++i) {
      if ((text[i] == 0) != (i % 2 == parity)) return false;
    }
    return true;
  };
  if (zero_at(1)) return Width::little;
  return zero_at(0) ? Width::big : Width::narrow;
}

std::string narrowed(std::string_view text, Width width) {
  std::string narrow;
  narrow.reserve(text.size() / 2);
  const std::size_t high = width == Width::little ? 1 : 0;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    narrow += text[i + high] == 0 ? text[i + 1 - high] : '?';
  }
  return narrow;
}

// One pass over the text; `out_` is what has been understood.
class Unfolder {
 public:
  Unfolder(std::string_view text, UnfoldOptions options) : in_(text), options_(options) {
    seen_.text.reserve(text.size() + 1);
    seen_.text = " ";
  }

  Unfolded run() {
    while (at_ < in_.size()) step();
    return std::move(seen_);
  }

 private:
  char now() const { return in_[at_]; }
  char ahead(std::size_t by = 1) const { return at_ + by < in_.size() ? in_[at_ + by] : '\0'; }
  std::string_view rest() const { return in_.substr(at_); }

  void step() {
    if (is_space(now()) || continues_line()) {
      space_ = true;
      ++at_;
    } else if (is_tick()) {
      ++seen_.ticks;
      ++at_;
    } else if (!take_escape() && !take_code() && !take_codes()) {
      emit(lower(now()));
      ++at_;
    }
  }

  // VBA's " _", the shell's "\", PowerShell's "`" and batch's "^" before a line end.
  bool continues_line() const {
    return is_line_end(ahead()) && std::string_view("_\\`^").find(now()) != std::string_view::npos;
  }

  bool is_tick() const {
    const bool mark = now() == '`' || (now() == '^' && options_.carets);
    return mark && !space_ && is_word(seen_.text.back()) && is_word(ahead());
  }

  // \x61, \u0061, %61
  bool take_escape() {
    std::size_t prefix = 0, digits = 2;
    if (now() == '%') {
      prefix = 1;
    } else if (now() == '\\' && (ahead() == 'x' || ahead() == 'u')) {
      prefix = 2;
      digits = ahead() == 'u' ? 4 : 2;
    } else {
      return false;
    }
    unsigned value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const int digit = hex_digit(ahead(prefix + i));
      if (digit < 0) return false;
      value = value * 16 + static_cast<unsigned>(digit);
    }
    if (value > 0x7e || !is_word(static_cast<char>(value))) return false;
    ++seen_.escaped_letters;
    emit(lower(static_cast<char>(value)));
    at_ += prefix + digits;
    return true;
  }

  // chr(97), chrw(&h61), chr$(97), [char]97 become "a".
  bool take_code() {
    const char c = lower(now());
    if (c != 'c' && c != '[') return false;
    if (is_word(seen_.text.back()) && !space_) return false;
    for (const std::string_view call : {"chr(", "chrw(", "chr$(", "chrb(", "[char]"}) {
      if (!starts_with_lower(call)) continue;
      std::size_t length = call.size();
      const std::optional<char> value = number_at(length);
      if (!value) return false;
      if (call.ends_with('(')) {
        if (ahead(length) != ')') return false;
        ++length;
      }
      ++seen_.character_codes;
      emit('"');
      emit(lower(*value));
      emit('"');
      at_ += length;
      return true;
    }
    return false;
  }

  // The list of fromCharCode( and [char[]]( as the text it is.
  bool take_codes() {
    if (now() != '(') return false;
    const std::size_t call = call_before();
    if (call == 0) return false;
    std::string text;
    std::size_t length = 1;
    while (const auto value = number_at(length)) {
      text += lower(*value);
      while (is_space(ahead(length))) ++length;
      if (ahead(length) != ',') break;
      ++length;
    }
    if (text.size() < 3 || ahead(length) != ')') return false;
    seen_.character_codes += text.size();
    seen_.text.resize(seen_.text.size() - call);
    emit('"');
    for (const char c : text) emit(c);
    emit('"');
    at_ += length + 1;
    return true;
  }

  // The length of what makes text of a list of codes, if the text so far ends with it.
  std::size_t call_before() const {
    for (const std::string_view call : {"string.fromcharcode", "[char[]]"}) {
      if (seen_.text.ends_with(call)) return call.size();
    }
    return 0;
  }

  bool starts_with_lower(std::string_view word) const {
    const std::string_view text = rest().substr(0, word.size());
    return std::ranges::equal(text, word, {}, lower);
  }

  // A printable character's code, decimal or hexadecimal, `length` characters from here; moves
  // `length` past it.
  std::optional<char> number_at(std::size_t& length) const {
    while (is_space(ahead(length))) ++length;
    unsigned base = 10;
    if (ahead(length) == '&' || (ahead(length) == '0' && lower(ahead(length + 1)) == 'x')) {
      base = 16;
      length += 2;
    }
    unsigned value = 0;
    std::size_t digits = 0;
    for (; digits < 4; ++digits, ++length) {
      const int digit = hex_digit(ahead(length));
      if (digit < 0 || static_cast<unsigned>(digit) >= base) break;
      value = value * base + static_cast<unsigned>(digit);
    }
    if (digits == 0 || value > 0x7e) return std::nullopt;
    return value < 0x20 ? ' ' : static_cast<char>(value);
  }

  void emit(char c) {
    std::string& out = seen_.text;
    if (space_ && !is_tight(out.back()) && !is_tight(c) && out.back() != ' ') out += ' ';
    space_ = false;
    out += c;
    if (c == '"' || c == '\'') join();
  }

  // "po"+"wer": the closing quote, the operator and the opening quote go away.
  void join() {
    std::string& out = seen_.text;
    const std::size_t size = out.size();
    if (size < 4 || (out[size - 3] != '"' && out[size - 3] != '\'')) return;
    if (std::string_view("+&.").find(out[size - 2]) == std::string_view::npos) return;
    out.resize(size - 3);
    constexpr std::size_t kShortPiece = 3;
    if (out.size() - joined_at_ <= kShortPiece) ++seen_.short_joins;
    joined_at_ = out.size();
  }

  std::string_view in_;
  UnfoldOptions options_;
  Unfolded seen_;
  std::size_t at_ = 0, joined_at_ = 0;
  bool space_ = false;
};

constexpr std::array<bool, 256> kBase64 = [] {
  std::array<bool, 256> in{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789+/")) {
    in[static_cast<unsigned char>(c)] = true;
  }
  return in;
}();

std::size_t run_length(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && kBase64[static_cast<unsigned char>(text[end])]) ++end;
  return end - at;
}

// The run at `at`, over line ends when its lines are as long as encoders make them; moves `at` past
// it.
std::string take_run(std::string_view text, std::size_t& at) {
  std::string run;
  for (;;) {
    const std::size_t length = run_length(text, at);
    if (run.size() + length <= kMostBuried) run += text.substr(at, length);
    at += length;
    if (length < kWrappedLine) return run;
    std::size_t next = at;
    while (next < text.size() && is_space(text[next])) ++next;
    if (next == at || next >= text.size() || run_length(text, next) == 0) return run;
    at = next;
  }
}

bool looks_like_text(std::string_view text) {
  const std::string_view head = text.substr(0, 256);
  return head.size() >= 16 &&
         std::ranges::all_of(head, [](char c) { return (c >= 0x20 && c < 0x7f) || is_space(c); });
}

void sort_out(std::string run, Buried& found) {
  run.resize(run.size() / 4 * 4);
  const std::optional<std::string> bytes = base64_decode(run);
  if (!bytes || bytes->size() < 16) return;
  const Width width = width_of(*bytes);
  const std::string text = width == Width::narrow ? *bytes : narrowed(*bytes, width);
  if (looks_like_text(text)) {
    if (found.text.size() + text.size() <= kMostBuried) found.text += text + "\n";
    return;
  }
  const FileType type = type_by_magic(as_bytes(*bytes));
  // Two letters are too little: names and digests decode to "MZ" as well.
  if (type == FileType::pe && !starts_as_pe(as_bytes(*bytes))) return;
  const FileFamily family = family_of(type);
  if (family == FileFamily::executable || family == FileFamily::archive) {
    found.files.push_back(type);
  }
}

}  // namespace

std::string text_of(ByteView bytes) {
  std::string_view text = as_text(bytes);
  std::string both_ends;
  if (text.size() > 2 * kMostText) {
    both_ends = text.substr(0, kMostText);
    both_ends += text.substr((text.size() - kMostText) & ~std::size_t{1});
    text = both_ends;
  }
  const Width width = width_of(text);
  std::string plain = width == Width::narrow ? std::string(text) : narrowed(text, width);
  if (plain.starts_with("\xef\xbb\xbf")) plain.erase(0, 3);
  if (width != Width::narrow && plain.starts_with('?')) plain.erase(0, 1);
  if (std::ranges::any_of(std::string_view(plain).substr(0, kHead), is_binary)) return {};
  return plain;
}

Unfolded unfold(std::string_view text, UnfoldOptions options) {
  return Unfolder(text, options).run();
}

Buried dig(std::string_view text) {
  Buried found;
  std::size_t runs = 0;
  for (std::size_t at = 0; at < text.size() && runs < kMostRuns;) {
    const std::size_t length = run_length(text, at);
    if (length < kShortestRun) {
      at += length + 1;
      continue;
    }
    ++runs;
    sort_out(take_run(text, at), found);
  }
  return found;
}

}  // namespace weir
