#include "inspect/formats/mime_parts.h"

#include <algorithm>
#include <utility>

namespace weir {
namespace {

// What must be in a preamble or epilogue to be worth a look: more than the usual sentence.
constexpr std::size_t kLeastRest = 128;

struct Extension {
  std::string_view type, name;
};
constexpr Extension kNames[] = {
    {"text/plain", "body.txt"},
    {"text/html", "body.html"},
    {"message/rfc822", "message.eml"},
    {"application/pkcs7-mime", "smime.p7m"},
    {"application/x-pkcs7-mime", "smime.p7m"},
    {"application/pgp-encrypted", "version.txt"},
};

bool is_multipart(const MimeValue& type) { return type.value.starts_with("multipart/"); }

std::string_view without_blanks_behind(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  return last == text.npos ? std::string_view() : text.substr(0, last + 1);
}

TextCoding coding_of(std::string_view word) {
  if (word == "base64") return TextCoding::base64;
  if (word == "quoted-printable") return TextCoding::quoted_printable;
  return TextCoding::none;  // uuencode too: the text names its file itself
}

// The codings that a part may have: one, but for those with several fields that differ.
std::vector<TextCoding> codings_of(const MimeHeader& header) {
  std::vector<TextCoding> codings;
  for (const std::string_view field : header.all("content-transfer-encoding")) {
    const TextCoding coding = coding_of(read_mime_value(field).value);
    if (std::ranges::find(codings, coding) == codings.end()) codings.push_back(coding);
  }
  if (codings.empty()) codings.push_back(TextCoding::none);
  return codings;
}

// Without a boundary parameter: the first line that could be one.
std::string guessed_boundary(std::string_view body) {
  constexpr std::size_t kWithin = 64 * 1024, kLongest = 200;
  body = body.substr(0, kWithin);
  for (auto at = body.starts_with("--") ? 0 : body.find("\n--"); at != body.npos;
       at = body.find("\n--", at + 1)) {
    if (at > 0 || body[0] == '\n') ++at;
    const std::string_view line = without_blanks_behind(
        body.substr(at + 2, std::min(body.find('\n', at), body.size()) - at - 2));
    if (!line.empty() && line.size() <= kLongest) return std::string(line);
  }
  return {};
}

}  // namespace

std::optional<MimePart> MimeParts::next() {
  while (ready_.empty() && at_ < text_.size() && problem_ == Reason::none) {
    if (entity_) {
      read_entity();
    } else {
      const auto boundary = find_boundary(at_);
      add_rest(text_.substr(at_, (boundary ? boundary->begin : text_.size()) - at_),
               "epilogue.txt");
      pass(boundary);
    }
    if (parts_ > kMostParts) problem_ = Reason::too_many;
  }
  if (ready_.empty()) return std::nullopt;
  MimePart part = std::move(ready_.front());
  ready_.pop_front();
  return part;
}

void MimeParts::read_entity() {
  ++parts_;
  // A header that runs into a boundary ends there.
  const auto next = levels_.empty() ? std::nullopt : find_boundary(at_);
  const std::size_t end = next ? next->begin : text_.size();
  const MimeHeader header = read_mime_header(text_.substr(at_, end - std::min(at_, end)));
  const std::size_t body = at_ + header.body;
  const auto types = header.all("content-type");
  const bool multipart = std::ranges::any_of(
      types, [](std::string_view field) { return is_multipart(read_mime_value(field)); });
  if (multipart) return open_multipart(header, body);
  add_part(header, text_.substr(body, end - std::min(body, end)));
  pass(next);
}

void MimeParts::open_multipart(const MimeHeader& header, std::size_t body) {
  Level level;
  for (const std::string_view field : header.all("content-type")) {
    for (const MimeParameter& parameter : read_mime_value(field).parameters) {
      std::string boundary(without_blanks_behind(parameter.value));
      if (parameter.name != "boundary" || boundary.empty()) continue;
      if (level.boundaries.size() < kMostBoundaries) level.boundaries.push_back(boundary);
    }
  }
  if (level.boundaries.empty()) {
    level.boundaries.push_back(guessed_boundary(text_.substr(std::min(body, text_.size()))));
  }
  if (levels_.size() >= kDeepest) {
    problem_ = Reason::too_deep;
    return;
  }
  levels_.push_back(std::move(level));
  const auto boundary = find_boundary(body);
  const std::size_t end = boundary ? boundary->begin : text_.size();
  add_rest(text_.substr(std::min(body, end), end - std::min(body, end)), "preamble.txt");
  pass(boundary);
}

void MimeParts::add_part(const MimeHeader& header, std::string_view body) {
  const auto types = header.all("content-type");
  const MimeValue type = types.empty() ? MimeValue{} : read_mime_value(types.front());
  if (type.value == "message/partial" && type.first("total") != "1") {
    problem_ = Reason::multi_volume;
  }
  const std::string name = name_of(header, type);
  for (const TextCoding coding : codings_of(header)) ready_.push_back({name, body, coding});
}

void MimeParts::add_rest(std::string_view rest, const char* name) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  const auto blanks = static_cast<std::size_t>(std::ranges::count_if(rest, blank));
  if (rest.size() - blanks >= kLeastRest) ready_.push_back({name, rest, TextCoding::none});
}

std::string MimeParts::name_of(const MimeHeader& header, const MimeValue& type) {
  for (const std::string_view field : header.all("content-disposition")) {
    const MimeValue disposition = read_mime_value(field);
    if (const auto name = disposition.first("filename"); !name.empty()) return std::string(name);
  }
  if (const auto name = type.first("name"); !name.empty()) return std::string(name);
  if (const auto places = header.all("content-location"); !places.empty()) {
    const std::string_view place = places.front().substr(0, places.front().find_first_of("?#"));
    const std::string_view last = place.substr(place.find_last_of("/\\:") + 1);
    if (!last.empty()) return std::string(last);
  }
  const auto known = std::ranges::find(kNames, type.value, &Extension::type);
  if (known != std::end(kNames)) return std::string(known->name);
  if (type.value.empty()) return "body.txt";
  return "part-" + std::to_string(parts_);
}

// After a boundary comes a part; after the one that closes a multipart may come text, the boundary
// of the level above, or, as some programs have it, further parts.
void MimeParts::pass(const std::optional<Boundary>& boundary) {
  if (!boundary) {
    at_ = text_.size();
    return;
  }
  levels_.resize(boundary->level + 1);
  at_ = boundary->end;
  entity_ = !boundary->closes;
}

std::optional<MimeParts::Boundary> MimeParts::find_boundary(std::size_t from) const {
  for (std::size_t at = from; at < text_.size();) {
    const bool line_start = at == 0 || text_[at - 1] == '\n' || at == from;
    if (line_start && text_.substr(at).starts_with("--")) {
      const std::size_t line_end = std::min(text_.find('\n', at), text_.size());
      auto boundary = boundary_in(text_.substr(at, line_end - at));
      if (boundary) {
        boundary->begin = at;
        if (at > from && text_[at - 1] == '\n') --boundary->begin;
        if (boundary->begin > from && text_[boundary->begin - 1] == '\r') --boundary->begin;
        boundary->end = std::min(line_end + 1, text_.size());
        return boundary;
      }
    }
    const auto next = text_.find("\n--", at);
    if (next == text_.npos) return std::nullopt;
    at = next + 1;
  }
  return std::nullopt;
}

// The innermost first, a closing one only when no open one is meant.
std::optional<MimeParts::Boundary> MimeParts::boundary_in(std::string_view line) const {
  constexpr std::size_t kLongest = 1024;
  if (line.size() > kLongest) return std::nullopt;
  const std::string_view word = without_blanks_behind(line.substr(2));
  for (std::size_t i = levels_.size(); i > 0; --i) {
    for (const std::string& boundary : levels_[i - 1].boundaries) {
      if (boundary.empty() || !word.starts_with(boundary)) continue;
      const std::string_view rest = word.substr(boundary.size());
      if (rest.empty()) return Boundary{0, 0, i - 1, false};
      if (rest.starts_with("--")) return Boundary{0, 0, i - 1, true};
    }
  }
  return std::nullopt;
}

}  // namespace weir
