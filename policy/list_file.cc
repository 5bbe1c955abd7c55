#include "policy/list_file.h"

#include <algorithm>

#include "conf/text_file.h"
#include "core/net_addr.h"

namespace weir {
namespace {

constexpr std::uint64_t kMostBytes = 1ULL << 30;  // of all lists of a policy
constexpr int kMostSkippedSaid = 5;               // of one file

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t from = text.find_first_not_of(kBlank);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

// Without a comment, and without the address of a hosts file.
std::string_view entry_of(std::string_view line) {
  const std::size_t hash = line.find('#');
  if (hash != std::string_view::npos &&
      (hash == 0 || line[hash - 1] == ' ' || line[hash - 1] == '\t')) {
    line = line.substr(0, hash);
  }
  line = trimmed(line);
  const std::size_t blank = line.find_first_of(" \t");
  if (blank == std::string_view::npos) return line;
  return IpAddress::parse(line.substr(0, blank)) ? trimmed(line.substr(blank)) : line;
}

std::vector<ListLine> lines_of(std::string_view content) {
  std::vector<ListLine> lines;
  if (content.starts_with("\xef\xbb\xbf")) content.remove_prefix(3);
  for (int number = 1; !content.empty(); ++number) {
    const std::size_t end = std::min(content.find('\n'), content.size());
    const std::string_view line = content.substr(0, end);
    const std::string_view entry = entry_of(line);
    const auto column = static_cast<int>(entry.data() - line.data()) + 1;
    if (!entry.empty()) lines.push_back({entry, {number, column}});
    content.remove_prefix(std::min(end + 1, content.size()));
  }
  return lines;
}

}  // namespace

const ListFile* ListFiles::open(std::string_view name, Place place) {
  const auto known = files_.find(name);
  if (known != files_.end()) return &known->second;
  const std::string path = beside(policy_.file(), std::string(name));
  auto content = read_text_file(path, kMostBytes - bytes_);
  if (!content) {
    policy_.error(place, "list cannot be read: " + content.error().what);
    return nullptr;
  }
  bytes_ += content->size();
  ListFile& list = files_[std::string(name)];
  list.path = path;
  list.content = std::move(*content);
  list.lines = lines_of(list.content);
  return &list;
}

std::shared_ptr<const HostTable> ListFiles::hosts(std::string_view name, Place place) {
  const auto known = tables_.find(name);
  if (known != tables_.end()) return known->second;
  auto table = std::make_shared<HostTable>();
  add_hosts(name, place, *table, 0);
  tables_.emplace(std::string(name), table);
  return table;
}

void ListFiles::add_hosts(std::string_view name, Place place, HostTable& table,
                          std::uint32_t label) {
  const ListFile* list = open(name, place);
  if (list == nullptr) return;
  for (const ListLine& line : list->lines) {
    const auto pattern = parse_host_pattern(line.text);
    if (pattern) {
      table.add(*pattern, label);
    } else {
      skip(*list, line, pattern.error().what);
    }
  }
}

void ListFiles::skip(const ListFile& list, const ListLine& line, const std::string& why) {
  const int count = ++skipped_[list.path];
  if (count > kMostSkippedSaid) return;
  const std::string more = count == kMostSkippedSaid ? " (further lines of this file are skipped "
                                                       "without a word)"
                                                     : "";
  Problems(list.path, out_).warn(line.place, "line skipped: " + why + more);
}

}  // namespace weir
