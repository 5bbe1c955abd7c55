#include "inspect/formats/text_bodies_scan.h"

#include <algorithm>
#include <array>

#include "core/escape.h"

namespace weir {
namespace {

constexpr std::size_t kLeastBase64 = 1024, kLeastHex = 2048, kLeastNumbers = 512;
constexpr std::size_t kLeastOpaque = 8192;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view line_at(std::string_view text, std::size_t at, std::size_t& next) {
  const auto end = text.find('\n', at);
  next = end == text.npos ? text.size() : end + 1;
  std::string_view line = text.substr(at, std::min(end, text.size()) - at);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// "begin 644 name": the name, or nothing.
std::string_view uu_name(std::string_view line) {
  constexpr std::string_view kBegin = "begin ";
  if (!line.starts_with(kBegin)) return {};
  line.remove_prefix(kBegin.size());
  const auto digits = line.find_first_not_of("01234567");
  if (digits == line.npos || digits < 3 || digits > 4 || line[digits] != ' ') return {};
  return line.substr(digits + 1);
}

// The lines of a block, from `at` to the first that cannot be one.
std::string_view uu_block(std::string_view text, std::size_t at, TextCoding coding) {
  std::size_t end = at, next = at;
  while (end < text.size()) {
    const std::string_view line = line_at(text, end, next);
    if (line == "end" || !is_uu_line(line, coding)) break;
    end = next;
  }
  return text.substr(at, end - at);
}

// Returns where to go on.
std::size_t take_uu(std::string_view text, std::size_t at, TextBodyList& list) {
  std::size_t body = at;
  const std::string_view line = line_at(text, at, body);
  const std::string_view name = uu_name(line);
  if (name.empty()) return at + 1;
  std::size_t next = body;
  const std::string_view first = line_at(text, body, next);
  // A full line of uuencode begins with M, of xxencode with h; both are told by how long it is.
  const auto coding = is_uu_line(first, TextCoding::xx) && first.size() % 4 == 1 &&
                              (first[0] == 'h' || !is_uu_line(first, TextCoding::uu))
                          ? TextCoding::xx
                          : TextCoding::uu;
  const std::string_view block = uu_block(text, body, coding);
  if (block.empty()) return at + 1;
  list.add_named(std::string(name), coding, block);
  return body + block.size();
}

std::size_t take_yenc(std::string_view text, std::size_t at, TextBodyList& list) {
  std::size_t body = at;
  const std::string_view line = line_at(text, at, body);
  const auto name = line.find(" name=");
  if (!line.starts_with("=ybegin ") || name == line.npos) return at + 1;
  const std::size_t end = std::min(text.find("\n=yend ", at), text.size());
  if (end <= body) return body;
  list.add_named(std::string(line.substr(name + 6)), TextCoding::yenc,
                 text.substr(body, end - body));
  return end;
}

// All of the digits of a run are hex.
bool is_hex(std::string_view run) {
  return std::ranges::all_of(run,
                             [](char c) { return hex_digit(c) >= 0 || c == '\r' || c == '\n'; });
}

// One base64 text, joined over its gaps. The first characters may be a word that only happens to
// stand before it, so that a few beginnings are tried.
struct Run {
  std::size_t begin = 0, end = 0, count = 0;
  std::array<std::size_t, 4> starts{};
  std::size_t tries = 0;
  void start_at(std::size_t at) {
    if (tries < starts.size()) starts[tries++] = at;
  }
};

Run read_run(std::string_view text, std::size_t at) {
  constexpr std::size_t kLong = 40, kOwn = 1024;
  Run run{at, at, 0, {}, 0};
  run.start_at(at);
  bool long_seen = false;
  std::size_t piece = at, end = at;
  while (end < text.size()) {
    if (base64_value(text[end]) < 64) {
      ++end;
      continue;
    }
    const std::size_t size = end - piece;
    if (size >= kOwn || (size >= kLong && !long_seen)) {
      if (piece != at) run.start_at(piece);
      long_seen = true;
    }
    run.count += size;
    run.end = end;
    const std::size_t gap = base64_gap(text, end);
    if (gap == 0 || end + gap >= text.size() || base64_value(text[end + gap]) >= 64) return run;
    piece = end += gap;
  }
  if (end - piece >= kOwn && piece != at) run.start_at(piece);
  run.count += end - piece;
  run.end = end;
  return run;
}

bool is_of_image_url(std::string_view text, std::size_t at) {
  constexpr std::size_t kLook = 64;
  const std::string_view before = text.substr(at - std::min(at, kLook), std::min(at, kLook));
  return before.ends_with(";base64,") &&
         (before.find("data:image/") != before.npos || before.find("data:font/") != before.npos ||
          before.find("font-") != before.npos);
}

void judge_run(std::string_view text, const Run& run, TextBodyList& list) {
  if (run.count < kLeastBase64) return;
  const std::string_view all = text.substr(run.begin, run.end - run.begin);
  if (run.count >= kLeastHex && is_hex(all.substr(0, 256)) && is_hex(all)) {
    if (!list.add_if_carrier(TextCoding::hex, all, false)) list.add_opaque(run.count / 2);
    return;
  }
  const bool of_url = text.substr(0, run.begin).ends_with(";base64,");
  bool known = is_of_image_url(text, run.begin);
  for (std::size_t i = 0; i < run.tries && !known; ++i) {
    known = list.add_if_carrier(TextCoding::base64_literal,
                                text.substr(run.starts[i], run.end - run.starts[i]), of_url);
  }
  if (!known && run.count >= kLeastOpaque) list.add_opaque(run.count / 4 * 3);
}

// "[77,90,144": how many numbers below 256 follow each other, and where they end.
std::size_t count_numbers(std::string_view text, std::size_t& at) {
  std::size_t count = 0, end = at;
  while (end < text.size()) {
    while (end < text.size() &&
           (text[end] == ' ' || text[end] == '\n' || text[end] == '\r' || text[end] == '\t')) {
      ++end;
    }
    const bool wide = text.substr(end, 2) == "0x" || text.substr(end, 2) == "0X";
    const std::size_t first = end += wide ? 2 : 0;
    while (end < text.size() && end - first < 3 &&
           (wide ? hex_digit(text[end]) >= 0 : is_digit(text[end]))) {
      ++end;
    }
    if (end == first) break;
    ++count;
    at = end;
    if (end >= text.size() || text[end] != ',') break;
    ++end;
  }
  at = std::max(at, end);
  return count;
}

bool opens_list(char c) { return c == '[' || c == '(' || c == '{' || c == '='; }

std::size_t escapes_end(std::string_view text, std::size_t at) {
  while (at + 3 < text.size() && text[at] == '\\' && (text[at + 1] | 0x20) == 'x' &&
         hex_digit(text[at + 2]) >= 0 && hex_digit(text[at + 3]) >= 0) {
    at += 4;
  }
  return at;
}

}  // namespace

void find_line_bodies(std::string_view text, TextBodyList& list) {
  const auto starts_line = [&](std::size_t at) { return at == 0 || text[at - 1] == '\n'; };
  for (auto at = text.find("begin "); at != text.npos; at = text.find("begin ", at)) {
    const bool yenc = at >= 2 && text.substr(at - 2, 2) == "=y" && starts_line(at - 2);
    if (yenc) {
      at = std::max(take_yenc(text, at - 2, list), at + 1);
    } else {
      at = starts_line(at) ? take_uu(text, at, list) : at + 1;
    }
  }
}

void find_data_urls(std::string_view text, TextBodyList& list) {
  constexpr std::size_t kLongestType = 256;
  for (auto at = text.find("data:"); at != text.npos; at = text.find("data:", at)) {
    const char quote = at > 0 ? text[at - 1] : '\0';
    at += 5;
    const std::string_view head = text.substr(at, kLongestType);
    const auto comma = head.find_first_of(",\"'<> \n");
    if (comma == head.npos || head[comma] != ',') continue;
    const std::string_view type = head.substr(0, comma);
    if (type.find("base64") != type.npos || type.find('/') == type.npos) continue;
    at += comma + 1;
    const bool quoted = quote == '"' || quote == '\'' || quote == '`';
    const std::size_t end =
        std::min(quoted ? text.find(quote, at) : text.find_first_of("\"'` \n)>", at), text.size());
    if (end - at >= kLeastBase64) {
      list.add_if_carrier(TextCoding::percent, text.substr(at, end - at), true);
    }
    at = end;
  }
}

void find_base64_runs(std::string_view text, TextBodyList& list) {
  for (std::size_t at = 0; at < text.size();) {
    if (base64_value(text[at]) >= 64) {
      ++at;
      continue;
    }
    const Run run = read_run(text, at);
    judge_run(text, run, list);
    at = std::max(run.end, at + 1);
  }
}

void find_number_lists(std::string_view text, TextBodyList& list) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (opens_list(text[at]) && at + 1 < text.size()) {
      std::size_t end = at + 1;
      const std::size_t count = count_numbers(text, end);
      const std::string_view numbers = text.substr(at + 1, end - at - 1);
      if (count >= kLeastNumbers && !list.add_if_carrier(TextCoding::numbers, numbers, false) &&
          count >= kLeastOpaque) {
        list.add_opaque(count);
      }
      if (count > 0) at = end - 1;
    } else if (text[at] == '\\') {
      const std::size_t end = escapes_end(text, at);
      if ((end - at) / 4 >= kLeastNumbers) {
        list.add_if_carrier(TextCoding::hex, text.substr(at, end - at), false);
      }
      if (end > at) at = end - 1;
    }
  }
}

}  // namespace weir
