#include "inspect/hash_list.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>

#include "core/digest.h"
#include "core/escape.h"
#include "core/http_message.h"

namespace weir {
namespace {

constexpr std::uint64_t kAnySize = UINT64_MAX;
constexpr std::size_t kMostName = 255;
constexpr int kMostMistakes = 5;

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);
}

bool is_clamav(std::string_view file) { return file.ends_with(".hdb") || file.ends_with(".hsb"); }

}  // namespace

struct HashList::Line {
  std::vector<std::uint8_t> digest;
  std::uint64_t size = kAnySize;
  std::string_view name;

  // "" or what is wrong with it.
  std::string_view parse_digest(std::string_view hex) {
    auto bytes = from_hex(hex);
    if (!bytes) return "not a digest in hex";
    digest = std::move(*bytes);
    const bool known = digest.size() == 32 || digest.size() == 20 || digest.size() == 16;
    return known ? "" : "not of the length of SHA-256, SHA-1 or MD5";
  }

  std::string_view parse_plain(std::string_view text) {
    const auto end = text.find_first_of(" \t,;");
    if (end != std::string_view::npos) {
      const auto start = text.find_first_not_of(" \t,;*", end);
      if (start != std::string_view::npos) name = unquoted(trim(text.substr(start)));
    }
    return parse_digest(unquoted(text.substr(0, end)));
  }

  // HashString:FileSize:MalwareName[:minimum level[:maximum level]]
  std::string_view parse_clamav(std::string_view text) {
    const auto first = text.find(':');
    const auto second = first == std::string_view::npos ? first : text.find(':', first + 1);
    if (second == std::string_view::npos) return "not digest:size:name";
    const std::string_view number = text.substr(first + 1, second - first - 1);
    name = text.substr(second + 1);
    name = name.substr(0, name.find(':'));
    if (name.empty()) return "no name";
    if (number != "*") {
      const auto [end, error] = std::from_chars(number.begin(), number.end(), size);
      if (error != std::errc{} || end != number.end()) return "the size is no number";
    }
    return parse_digest(text.substr(0, first));
  }
};

Result<HashList> HashList::load(const std::vector<std::string>& files) {
  HashList list;
  std::string mistakes;
  int count = 0;
  for (const std::string& file : files) {
    if (auto done = list.read(file, mistakes, count); !done) return pass(std::move(done));
  }
  if (count > kMostMistakes) {
    mistakes += "; and " + std::to_string(count - kMostMistakes) + " more";
  }
  if (count > 0) return fail(Errc::invalid, Fault::config, std::move(mistakes));
  list.sort();
  return list;
}

Result<void> HashList::read(const std::string& file, std::string& mistakes, int& count) {
  std::ifstream in(file);
  if (!in) {
    const int cause = errno;
    Error error = errno_error("open the hash list " + file, cause);
    error.fault = Fault::config;
    return std::unexpected(std::move(error));
  }
  std::string text;
  for (std::uint64_t number = 1; std::getline(in, text); ++number) {
    if (!text.empty() && text.back() == '\r') text.pop_back();
    const std::string_view content = trim(text);
    if (content.empty() || content.front() == '#') continue;
    Line line;
    std::string_view wrong =
        is_clamav(file) ? line.parse_clamav(content) : line.parse_plain(content);
    if (wrong.empty()) {
      const auto name = intern(line.name.empty() ? base_name(file) : line.name);
      if (!name || !add(line, *name)) wrong = "too many entries";
    }
    if (wrong.empty() || ++count > kMostMistakes) continue;
    if (!mistakes.empty()) mistakes += "; ";
    mistakes += file + ":" + std::to_string(number) + ": ";
    mistakes += wrong;
    mistakes += ": " + escape_for_log(content, 80);
  }
  if (in.bad()) return fail(Errc::io, Fault::config, "read the hash list " + file);
  return {};
}

bool HashList::add(const Line& line, std::uint32_t name) {
  const auto put = [&](auto& table) {
    auto& entry = table.emplace_back();
    std::copy_n(line.digest.begin(), entry.digest.size(), entry.digest.begin());
    entry.size = line.size;
    entry.name = name;
  };
  switch (line.digest.size()) {
    case 32: put(sha256_); return true;
    case 20: put(sha1_); return true;
    case 16: put(md5_); return true;
    default: return false;
  }
}

// Names come in runs, above all the list's own; only the last is looked at.
std::optional<std::uint32_t> HashList::intern(std::string_view name) {
  if (!names_.empty() && name == last_name_) return last_at_;
  const std::string safe = escape_for_log(name, kMostName);
  if (names_.size() + safe.size() + 1 > UINT32_MAX) return std::nullopt;
  last_name_ = name;
  last_at_ = static_cast<std::uint32_t>(names_.size());
  names_ += safe;
  names_ += '\0';
  return last_at_;
}

void HashList::sort() {
  const auto by_digest = [](auto& table) {
    // By name as well: names_ is in the order of the files.
    std::ranges::sort(table, {},
                      [](const auto& entry) { return std::pair(entry.digest, entry.name); });
    table.shrink_to_fit();
  };
  by_digest(sha256_);
  by_digest(sha1_);
  by_digest(md5_);
}

template <std::size_t n>
std::optional<std::string> HashList::find_in(const Table<n>& table, std::string_view hex,
                                             std::uint64_t size) const {
  if (table.empty() || hex.size() != 2 * n) return std::nullopt;
  const auto bytes = from_hex(hex);
  if (!bytes) return std::nullopt;
  std::array<std::uint8_t, n> digest;
  std::copy_n(bytes->begin(), n, digest.begin());
  const auto by_digest = [](const auto& entry) { return entry.digest; };
  for (const auto& entry : std::ranges::equal_range(table, digest, {}, by_digest)) {
    if (entry.size == kAnySize || entry.size == size) return std::string(&names_[entry.name]);
  }
  return std::nullopt;
}

std::optional<std::string> HashList::find(std::string_view sha256, std::string_view sha1,
                                          std::string_view md5, std::uint64_t size) const {
  if (auto found = find_in(sha256_, sha256, size)) return found;
  if (auto found = find_in(sha1_, sha1, size)) return found;
  return find_in(md5_, md5, size);
}

}  // namespace weir
