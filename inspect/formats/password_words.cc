#include "inspect/formats/password_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>
#include <utility>

#include "core/escape.h"
#include "core/http_message.h"

namespace weir {
namespace {

constexpr std::size_t kMostRead = 1024 * 1024;
constexpr std::size_t kMostKeywords = 256;  // occurrences that are looked at

// Longer ones first where one begins another. Lower case.
constexpr std::array<std::string_view, 25> kKeywords = {
    "解凍パスワード", "パスワード", "ぱすわーど", "暗証番号", "密码",
    "密碼",           "비밀번호",   "암호",       "пароль",   "passphrase",
    "mot de passe",   "password",   "passwort",   "kennwort", "contraseña",
    "clave",          "senha",      "wachtwoord", "lösenord", "parola",
    "hasło",          "heslo",      "passcode",   "passwd",   "pw"};

bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// ---- from HTML to the text that is seen

void append_utf8(std::string& out, std::uint32_t code) {
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) code = ' ';
  if (code == 0xa0 || code == 0x3000) code = ' ';
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

std::optional<std::uint32_t> numeric_reference(std::string_view name) {
  if (!name.starts_with('#')) return std::nullopt;
  name.remove_prefix(1);
  const bool hex = name.starts_with('x') || name.starts_with('X');
  if (hex) name.remove_prefix(1);
  if (name.empty() || name.size() > 7) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : name) {
    const int digit = hex_digit(c);
    if (digit < 0 || (!hex && digit > 9)) return std::nullopt;
    value = value * (hex ? 16U : 10U) + static_cast<std::uint32_t>(digit);
  }
  return value;
}

std::optional<std::uint32_t> reference(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::uint32_t>, 8> kNamed = {{{"amp", '&'},
                                                                                 {"lt", '<'},
                                                                                 {"gt", '>'},
                                                                                 {"quot", '"'},
                                                                                 {"apos", '\''},
                                                                                 {"nbsp", ' '},
                                                                                 {"colon", ':'},
                                                                                 {"num", '#'}}};
  for (const auto& [word, code] : kNamed) {
    if (name == word) return code;
  }
  return numeric_reference(name);
}

// Past the end of a script, style or comment that begins here; npos = none of them does.
std::size_t past_unseen(std::string_view html, std::size_t at) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kUnseen = {
      {{"<!--", "-->"},
       {"<script", "</script"},
       {"<style", "</style"},
       {"<template", "</template"}}};
  for (const auto& [open, close] : kUnseen) {
    if (!equals_ignore_case(html.substr(at, open.size()), open)) continue;
    std::size_t end = html.find(close.front(), at + open.size());
    while (end != std::string_view::npos &&
           !equals_ignore_case(html.substr(end, close.size()), close)) {
      end = html.find(close.front(), end + 1);
    }
    return end == std::string_view::npos ? html.size() : end + close.size();
  }
  return std::string_view::npos;
}

std::string seen_text(std::string_view html) {
  std::string out;
  out.reserve(html.size() / 2);
  for (std::size_t at = 0; at < html.size();) {
    if (html[at] == '<') {
      const std::size_t past = past_unseen(html, at);
      if (past != std::string_view::npos) {
        at = past;
        continue;
      }
      const std::size_t end = html.find('>', at);
      at = end == std::string_view::npos ? html.size() : end + 1;
      out += ' ';
    } else if (html[at] == '&') {
      const std::string_view name = html.substr(at + 1, html.substr(at + 1, 12).find(';'));
      const auto code = name.size() < 12 ? reference(name) : std::nullopt;
      if (code) append_utf8(out, *code);
      if (!code) out += '&';
      at += code ? name.size() + 2 : 1;
    } else {
      out += html[at++];
    }
  }
  return out;
}

// ---- what follows a keyword

// Drops each of these from the front, in any order; true if one was there.
template <std::size_t N>
bool skip_any(std::string_view& text, const std::array<std::string_view, N>& marks,
              std::size_t most) {
  bool any = false;
  for (std::size_t i = 0; i < most; ++i) {
    const auto mark =
        std::ranges::find_if(marks, [&](std::string_view each) { return text.starts_with(each); });
    if (mark == marks.end()) break;
    text.remove_prefix(mark->size());
    any = true;
  }
  return any;
}

constexpr std::array<std::string_view, 6> kBlanks = {" ",  "\t",       "\r",
                                                     "\n", "\xc2\xa0", "\xe3\x80\x80"};
constexpr std::array<std::string_view, 12> kSeparators = {
    ":", "：", "=", "＝", "->", "→", "は、", "は", "is ", "is:", "ist ", "est "};

struct Quotes {
  std::string_view open, close;
};
constexpr std::array<Quotes, 12> kQuotes = {{{"\"", "\""},
                                             {"'", "'"},
                                             {"`", "`"},
                                             {"「", "」"},
                                             {"『", "』"},
                                             {"【", "】"},
                                             {"“", "”"},
                                             {"‘", "’"},
                                             {"«", "»"},
                                             {"[", "]"},
                                             {"(", ")"},
                                             {"（", "）"}}};

std::string_view up_to_blank(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && end <= kLongestPasswordWord && !blank(text[end]) &&
         !text.substr(end).starts_with("\xe3\x80\x80") && !text.substr(end).starts_with("。") &&
         !text.substr(end).starts_with("」") && !text.substr(end).starts_with("、") &&
         !text.substr(end).starts_with("です")) {
    ++end;
  }
  return text.substr(0, end);
}

// Full-width forms (U+FF01 to U+FF5E) as the ASCII that an archiver was given.
std::string narrowed(std::string_view word) {
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto a = static_cast<unsigned char>(word[i]);
    if (a == 0xef && i + 2 < word.size()) {
      const auto b = static_cast<unsigned char>(word[i + 1]);
      const auto c = static_cast<unsigned char>(word[i + 2]);
      const unsigned code = 0xf000U | ((b & 0x3fU) << 6) | (c & 0x3fU);
      if (code >= 0xff01 && code <= 0xff5e) {
        out += static_cast<char>(code - 0xff01 + '!');
        i += 2;
        continue;
      }
    }
    out += word[i];
  }
  return out;
}

class Candidates {
 public:
  explicit Candidates(std::size_t most) : most_(most) {}

  void add(std::string_view word, bool certain) {
    if (word.empty() || word.size() > kLongestPasswordWord) return;
    auto& into = certain ? certain_ : likely_;
    if (into.size() >= most_) return;
    add_once(into, std::string(word));
    add_once(into, narrowed(word));
    // A sentence may end right behind it.
    std::string_view stem = word;
    while (!stem.empty() &&
           std::string_view(".,;!?)\"'").find(stem.back()) != std::string_view::npos)
      stem.remove_suffix(1);
    if (!stem.empty()) add_once(into, std::string(stem));
  }

  std::vector<std::string> take() {
    for (std::string& word : likely_) add_once(certain_, std::move(word));
    if (certain_.size() > most_) certain_.resize(most_);
    return std::move(certain_);
  }

 private:
  static void add_once(std::vector<std::string>& words, std::string word) {
    if (std::ranges::find(words, word) == words.end()) words.push_back(std::move(word));
  }
  std::size_t most_;
  std::vector<std::string> certain_, likely_;
};

void look_behind_keyword(std::string_view rest, Candidates& found) {
  constexpr std::size_t kBlankRun = 40;
  rest = rest.substr(0, 512);
  skip_any(rest, kBlanks, kBlankRun);
  const bool separated = skip_any(rest, kSeparators, 2);
  skip_any(rest, kBlanks, kBlankRun);
  for (const Quotes& quotes : kQuotes) {
    if (!rest.starts_with(quotes.open)) continue;
    const std::string_view inner = rest.substr(quotes.open.size());
    const std::size_t end = inner.find(quotes.close);
    if (end != std::string_view::npos) found.add(inner.substr(0, end), true);
  }
  found.add(up_to_blank(rest), separated);
}

bool letter_or_digit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// "pw" in "pwd2" is none; beside Japanese letters it stands alone.
bool stands_alone(std::string_view text, std::size_t from, std::size_t past) {
  return (from == 0 || !letter_or_digit(text[from - 1])) &&
         (past >= text.size() || !letter_or_digit(text[past]));
}

}  // namespace

std::vector<std::string> password_words(ByteView page, bool html, std::size_t most) {
  const std::string_view raw = as_text(page.first(std::min(page.size(), kMostRead)));
  const std::string text = html ? seen_text(raw) : std::string(raw);
  const std::string lower = to_lower(text);
  Candidates found(most);
  std::size_t looked = 0;
  for (const std::string_view keyword : kKeywords) {
    const bool ascii = static_cast<unsigned char>(keyword.front()) < 0x80;
    for (std::size_t at = lower.find(keyword); at != std::string::npos && looked < kMostKeywords;
         at = lower.find(keyword, at + keyword.size())) {
      const std::size_t past = at + keyword.size();
      if (ascii && !stands_alone(lower, at, past)) continue;
      ++looked;
      look_behind_keyword(std::string_view(text).substr(past), found);
    }
  }
  return found.take();
}

}  // namespace weir
