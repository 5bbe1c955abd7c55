#include "inspect/formats/mime_header.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/escape.h"
#include "inspect/formats/mime_decode.h"

namespace weir {
namespace {

constexpr std::size_t kMostFields = 1000, kLongestValue = 64 * 1024, kMostParameters = 256;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return lower(c); });
  return out;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto from = text.find_first_not_of(kBlanks);
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(kBlanks) - from + 1);
}

// The line at the beginning, without its end; `size` includes that.
std::string_view first_line(std::string_view text, std::size_t& size) {
  const auto end = text.find('\n');
  size = end == text.npos ? text.size() : end + 1;
  std::string_view line = text.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// RFC 5322: printable characters but the colon; blanks before that were once allowed.
std::string_view field_name(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == line.npos || colon == 0 || colon > 128) return {};
  const std::string_view name = trim(line.substr(0, colon));
  const bool good = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
  return good && !is_blank(line[0]) ? name : std::string_view();
}

std::string utf8_from_latin1(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

std::string from_charset(const std::string& text, std::string_view charset) {
  const std::string name = lower(charset);
  const bool latin = name == "iso-8859-1" || name == "windows-1252" || name == "iso-8859-15";
  return latin ? utf8_from_latin1(text) : text;
}

// RFC 2231, section 4: charset'language'text.
std::string decode_extended(std::string_view text, bool first) {
  std::string_view charset;
  const auto quote = text.find('\'');
  const auto second = quote == text.npos ? quote : text.find('\'', quote + 1);
  if (first && second != text.npos) {
    charset = text.substr(0, quote);
    text.remove_prefix(second + 1);
  }
  return from_charset(percent_decode(text), charset);
}

// What is between blanks, quotes and comments.
class ValueReader {
 public:
  explicit ValueReader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  bool pass(char c) {
    skip();
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // Up to one of the delimiters; quoted text in full.
  std::string word(std::string_view delimiters) {
    skip();
    if (!at_end() && text_[at_] == '"') return quoted();
    std::string out;
    while (!at_end() && delimiters.find(text_[at_]) == delimiters.npos) {
      if (text_[at_] == '(' && out.empty()) {
        skip();
      } else {
        out += text_[at_++];
      }
    }
    return std::string(trim(out));
  }
  void pass_until(char c) { at_ = std::min(text_.find(c, at_), text_.size()); }

 private:
  std::string quoted() {
    std::string out;
    for (++at_; !at_end() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_];
    }
    ++at_;
    return out;
  }
  void skip() {
    std::size_t depth = 0;
    for (; !at_end(); ++at_) {
      const char c = text_[at_];
      if (c == '(') ++depth;
      if (depth == 0 && !is_blank(c)) return;
      if (c == ')' && depth > 0) --depth;
      if (c == '\\' && depth > 0) ++at_;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// "filename*1*" is piece 1 of "filename", percent-encoded.
struct Piece {
  std::string name, value;
  int number = -1;
  std::size_t place = 0;
  bool encoded = false;
};

Piece piece_of(std::string name, std::string value) {
  Piece piece{.name = std::move(name), .value = std::move(value)};
  if (piece.name.ends_with('*')) {
    piece.encoded = true;
    piece.name.pop_back();
  }
  const auto star = piece.name.rfind('*');
  if (star == std::string::npos || star + 1 == piece.name.size()) return piece;
  const std::string digits = piece.name.substr(star + 1);
  const bool number = digits.size() <= 3 &&
                      std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (!number) return piece;
  piece.number = std::stoi(digits);
  piece.name.resize(star);
  return piece;
}

// Pieces come in any order; those of one name become one parameter, the others stay alone.
void join_pieces(std::vector<Piece>& pieces, std::vector<MimeParameter>& parameters) {
  for (std::size_t i = 0; i < pieces.size(); ++i) pieces[i].place = i;
  std::ranges::sort(pieces, {},
                    [](const Piece& piece) { return std::pair(piece.number, piece.place); });
  for (const Piece& piece : pieces) {
    std::string text = piece.encoded ? decode_extended(piece.value, piece.number <= 0)
                                     : decode_encoded_words(piece.value);
    const auto before = std::ranges::find(parameters, piece.name, &MimeParameter::name);
    if (piece.number > 0 && before != parameters.end()) {
      before->value += text;
    } else {
      parameters.push_back({piece.name, std::move(text)});
    }
  }
}

}  // namespace

std::vector<std::string_view> MimeHeader::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const MimeField& field : fields) {
    if (field.name == name) values.push_back(field.value);
  }
  return values;
}

MimeHeader read_mime_header(std::string_view text) {
  MimeHeader header;
  std::size_t at = 0, size = 0;
  while (at < text.size() && header.fields.size() < kMostFields) {
    const std::string_view line = first_line(text.substr(at), size);
    const bool folded = !line.empty() && is_blank(line[0]) && !header.fields.empty();
    if (line.empty()) at += size;
    if (line.empty()) break;
    const std::string_view name = folded ? std::string_view() : field_name(line);
    if (folded) {
      std::string& value = header.fields.back().value;
      if (value.size() < kLongestValue) value.append(" ").append(trim(line));
    } else if (!name.empty()) {
      const std::string_view value = trim(line.substr(line.find(':') + 1));
      header.fields.push_back({lower(name), std::string(value.substr(0, kLongestValue))});
    } else {
      break;  // the body begins without an empty line
    }
    at += size;
  }
  header.body = at;
  return header;
}

std::string_view MimeValue::first(std::string_view name) const {
  const auto found = std::ranges::find(parameters, name, &MimeParameter::name);
  return found == parameters.end() ? std::string_view() : std::string_view(found->value);
}

MimeValue read_mime_value(std::string_view text) {
  ValueReader reader(text);
  MimeValue value;
  value.value = lower(reader.word(";"));
  std::erase_if(value.value, is_blank);
  std::vector<Piece> pieces;
  while (!reader.at_end() && pieces.size() < kMostParameters) {
    reader.pass_until(';');
    if (!reader.pass(';')) break;
    std::string name = lower(reader.word("=;"));
    if (!reader.pass('=')) continue;
    pieces.push_back(piece_of(std::move(name), reader.word(";")));
  }
  join_pieces(pieces, value.parameters);
  return value;
}

std::string decode_encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto start = text.find("=?");
    const auto charset_end = start == text.npos ? start : text.find('?', start + 2);
    const auto coding_end =
        charset_end == text.npos ? charset_end : text.find('?', charset_end + 1);
    const auto end = coding_end == text.npos ? coding_end : text.find("?=", coding_end + 1);
    if (end == text.npos || coding_end != charset_end + 2) {
      const std::size_t passed = start == text.npos ? text.size() : start + 2;
      out += text.substr(0, passed);
      text.remove_prefix(passed);
      continue;
    }
    // Blanks between two words are not part of the text.
    const std::string_view before = text.substr(0, start);
    if (out.empty() || !trim(before).empty()) out += before;
    std::string word(text.substr(coding_end + 1, end - coding_end - 1));
    const bool base64 = lower(text[charset_end + 1]) == 'b';
    if (!base64) std::ranges::replace(word, '_', ' ');
    const auto coding = base64 ? TextCoding::base64 : TextCoding::quoted_printable;
    const std::string_view charset = text.substr(start + 2, charset_end - start - 2);
    out += from_charset(decode_text_head(coding, word, word.size()),
                        charset.substr(0, charset.find('*')));
    text.remove_prefix(end + 2);
  }
  return out;
}

bool begins_like_mail(std::string_view text) {
  constexpr std::size_t kHead = 64 * 1024;
  // What mails have and what nothing else begins with; either MIME's own or two of the envelope's.
  constexpr std::array<std::string_view, 3> kOfMime{"mime-version", "content-type",
                                                    "content-transfer-encoding"};
  constexpr std::array<std::string_view, 10> kOfMail{
      "from",       "date",        "subject",      "to",       "received",
      "message-id", "return-path", "delivered-to", "reply-to", "x-mailer"};
  text = text.substr(0, kHead);
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const auto start = text.find_first_not_of("\r\n");
  if (start == text.npos) return false;
  text.remove_prefix(start);
  if (text.starts_with("From ")) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  if (field_name(text.substr(0, text.find('\n'))).empty()) return false;
  std::size_t of_mime = 0, of_mail = 0;
  for (const MimeField& field : read_mime_header(text).fields) {
    if (std::ranges::find(kOfMime, field.name) != kOfMime.end()) ++of_mime;
    if (std::ranges::find(kOfMail, field.name) != kOfMail.end()) ++of_mail;
  }
  return of_mime + of_mail >= 2 || (of_mime == 1 && of_mail == 0);
}

}  // namespace weir
