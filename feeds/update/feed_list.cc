#include "feeds/update/feed_list.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "conf/bind.h"
#include "conf/nearest_word.h"
#include "conf/yaml.h"
#include "feeds/formats/feed_format.h"

namespace weir {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kMostFeeds = 500;
constexpr std::size_t kMostGuardNames = 1'000'000;
constexpr std::size_t kLongestName = 64;
constexpr milliseconds kShortestEvery = seconds(10);
constexpr milliseconds kLongestEvery = hours(24 * 90);
constexpr milliseconds kLongestExpire = hours(24 * 3650);
constexpr milliseconds kShortestTimeout = seconds(1);
constexpr milliseconds kLongestTimeout = hours(4);
constexpr std::uint64_t kLeastBytes = 1024;
constexpr std::uint64_t kMostBytes = 64ULL << 30;

constexpr auto kListKeys =
    std::to_array<std::string_view>({"version", "guard_file", "proxy", "ca_file", "feeds"});
constexpr auto kFeedKeys = std::to_array<std::string_view>(
    {"name",         "url",       "file",        "format",      "protocol",
     "threat",       "category",  "confidence",  "every",       "expire",
     "timeout",      "max_bytes", "max_shrink",  "allow_empty", "public_suffixes",
     "guard",        "licence",   "header_file", "pin",         "sha256_url",
     "minisign_key", "proxy",     "enabled"});
constexpr auto kGuardWords = std::to_array<std::string_view>({"quarantine", "drop", "off"});
constexpr auto kProtocolWords = std::to_array<std::string_view>({"plain", "misp", "taxii"});

std::vector<std::string_view> format_names() {
  std::vector<std::string_view> names;
  for (const FeedFormatRow& row : feed_formats()) names.push_back(row.name);
  return names;
}

std::vector<std::string_view> threat_names() {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kThreats; ++i) names.push_back(threat_name(static_cast<Threat>(i)));
  return names;
}

bool is_name(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  return !text.empty() && text.size() <= kLongestName && text[0] != '-' &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool is_web(std::string_view url) {
  return url.starts_with("http://") || url.starts_with("https://");
}

class FeedReader {
 public:
  FeedReader(const YamlNode& node, const std::filesystem::path& folder, Problems& problems)
      : node_(node), folder_(folder), problems_(problems) {}

  FeedSpec read() {
    if (!check_map(node_, "a feed", kFeedKeys, problems_)) return spec_;
    read_words();
    read_numbers();
    read_checks();
    require();
    return std::move(spec_);
  }

 private:
  void read_words() {
    text("name", spec_.name);
    text("url", spec_.url);
    path("file", spec_.file);
    word("format", format_names(), spec_.format);
    text("category", spec_.category);
    text("licence", spec_.licence);
    text("proxy", spec_.proxy);
    flag("enabled", spec_.enabled);
    std::string picked;
    if (word("threat", threat_names(), picked)) spec_.threat = *threat(picked);
    if (word("protocol", kProtocolWords, picked)) {
      spec_.protocol = static_cast<FeedProtocol>(position(kProtocolWords, picked));
    }
    if (word("guard", kGuardWords, picked)) {
      spec_.guard = static_cast<GuardAction>(position(kGuardWords, picked));
    }
  }

  void read_numbers() {
    duration("every", kShortestEvery, kLongestEvery, spec_.every);
    duration("expire", milliseconds(0), kLongestExpire, spec_.expire);
    duration("timeout", kShortestTimeout, kLongestTimeout, spec_.timeout);
    percent("confidence", spec_.confidence);
    percent("max_shrink", spec_.max_shrink);
    if (const YamlNode* value = node_.find("max_bytes")) {
      spec_.max_bytes =
          read_bytes(*value, "max_bytes", kLeastBytes, kMostBytes, problems_).value_or(kLeastBytes);
    }
    flag("allow_empty", spec_.allow_empty);
    flag("public_suffixes", spec_.public_suffixes);
  }

  void read_checks() {
    path("header_file", spec_.header_file);
    text("pin", spec_.pin);
    text("sha256_url", spec_.sha256_url);
    text("minisign_key", spec_.minisign_key);
  }

  void require() {
    if (!is_name(spec_.name)) {
      at("name", "'name' has 1 to 64 small letters, digits, '-' or '_', first no '-'");
    }
    if (spec_.format.empty() && node_.find("format") == nullptr)
      at("format", "'format' is missing");
    if (spec_.url.empty() == spec_.file.empty()) at("url", "one of 'url' and 'file' is needed");
    if (!spec_.url.empty() && !is_web(spec_.url))
      at("url", "'url' starts with http:// or https://");
    if (!spec_.sha256_url.empty() && !is_web(spec_.sha256_url)) {
      at("sha256_url", "'sha256_url' starts with http:// or https://");
    }
    if (!spec_.pin.empty() && !spec_.pin.starts_with("sha256//")) {
      at("pin", "'pin' is sha256// and the base64 digest of the server's public key");
    }
    const bool bare = spec_.sha256_url.empty() && spec_.minisign_key.empty();
    if (spec_.protocol != FeedProtocol::plain && (spec_.url.empty() || !bare)) {
      at("protocol", "misp and taxii need a 'url', and have no digest or signature");
    }
    if (spec_.url.starts_with("http://") && !spec_.header_file.empty()) {
      at("header_file", "a secret is not sent over http://; use https");
    }
  }

  void at(std::string_view key, std::string what) {
    const YamlNode* value = node_.find(key);
    problems_.error(value == nullptr ? node_.place : value->place, std::move(what));
  }

  void text(std::string_view key, std::string& into) {
    const YamlNode* value = node_.find(key);
    if (value != nullptr) into = read_text(*value, key, problems_).value_or("");
  }
  void path(std::string_view key, std::string& into) {
    text(key, into);
    if (!into.empty()) into = (folder_ / into).lexically_normal().string();
  }
  bool word(std::string_view key, std::span<const std::string_view> words, std::string& into) {
    const YamlNode* value = node_.find(key);
    if (value == nullptr) return false;
    const auto read = read_word(*value, key, words, problems_);
    if (read) into = *read;
    return read.has_value();
  }
  void flag(std::string_view key, bool& into) {
    const YamlNode* value = node_.find(key);
    if (value != nullptr) into = read_flag(*value, key, problems_).value_or(into);
  }
  void percent(std::string_view key, unsigned& into) {
    const YamlNode* value = node_.find(key);
    if (value == nullptr) return;
    into = static_cast<unsigned>(read_count(*value, key, 0, 100, problems_).value_or(into));
  }
  void duration(std::string_view key, milliseconds least, milliseconds most, milliseconds& into) {
    const YamlNode* value = node_.find(key);
    if (value != nullptr) into = read_duration(*value, key, least, most, problems_).value_or(into);
  }
  static std::ptrdiff_t position(std::span<const std::string_view> words, std::string_view word) {
    return std::ranges::find(words, word) - words.begin();
  }

  const YamlNode& node_;
  const std::filesystem::path& folder_;
  Problems& problems_;
  FeedSpec spec_;
};

class ListReader {
 public:
  ListReader(const std::string& path, Problems& problems)
      : folder_(std::filesystem::path(path).parent_path()), problems_(problems) {}

  FeedList read(const YamlNode& root) {
    if (root.kind == YamlNode::Kind::null) return std::move(list_);
    if (!check_map(root, "the list of feeds", kListKeys, problems_)) return std::move(list_);
    const YamlNode* version = root.find("version");
    if (version == nullptr || version->text != "1") {
      problems_.error(version == nullptr ? root.place : version->place, "'version' must be 1");
    }
    text(root, "proxy", list_.proxy);
    text(root, "ca_file", list_.ca_file);
    if (!list_.ca_file.empty()) list_.ca_file = (folder_ / list_.ca_file).string();
    if (const YamlNode* guard = root.find("guard_file")) read_guard(*guard);
    if (const YamlNode* feeds = root.find("feeds")) read_feeds(*feeds);
    return std::move(list_);
  }

 private:
  void text(const YamlNode& root, std::string_view key, std::string& into) {
    const YamlNode* value = root.find(key);
    if (value != nullptr) into = read_text(*value, key, problems_).value_or("");
  }

  void read_feeds(const YamlNode& node) {
    if (node.kind == YamlNode::Kind::null) return;
    if (node.kind != YamlNode::Kind::list) {
      return problems_.error(node.place, "'feeds' must be a list of feeds");
    }
    if (node.items.size() > kMostFeeds) {
      return problems_.error(node.place, "at most " + std::to_string(kMostFeeds) + " feeds");
    }
    for (const YamlNode& item : node.items) {
      FeedSpec spec = FeedReader(item, folder_, problems_).read();
      if (list_.find(spec.name) != nullptr) {
        problems_.error(item.place, "a second feed of the name " + weir::quoted(spec.name));
      }
      list_.feeds.push_back(std::move(spec));
    }
  }

  void read_guard(const YamlNode& node) {
    const auto name = read_text(node, "guard_file", problems_);
    if (!name) return;
    const std::string path = (folder_ / *name).string();
    std::ifstream in(path);
    if (!in) return problems_.error(node.place, path + " cannot be opened");
    std::string line;
    for (unsigned number = 1; std::getline(in, line); ++number) {
      if (const auto stop = line.find_first_of("#\r \t"); stop != std::string::npos)
        line.resize(stop);
      if (line.empty()) continue;
      auto known = canonical_indicator(IndicatorKind::domain, line, {.public_suffixes = true});
      if (!known || list_.guard_names.size() == kMostGuardNames) {
        return problems_.error(node.place, path + ":" + std::to_string(number) + ": no domain");
      }
      list_.guard_names.push_back(std::move(known->value));
    }
    std::ranges::sort(list_.guard_names);
  }

  std::filesystem::path folder_;
  Problems& problems_;
  FeedList list_;
};

}  // namespace

const FeedSpec* FeedList::find(std::string_view name) const {
  const auto found = std::ranges::find(feeds, name, &FeedSpec::name);
  return found == feeds.end() ? nullptr : &*found;
}

bool FeedList::guards(std::string_view domain) const {
  return std::ranges::binary_search(guard_names, domain);
}

std::optional<FeedList> load_feed_list(const std::string& path, std::vector<Diagnostic>& problems) {
  Problems found(path, problems);
  const auto root = load_yaml(path, found);
  if (!root) return std::nullopt;
  FeedList list = ListReader(path, found).read(*root);
  if (found.errors() > 0) return std::nullopt;
  return list;
}

}  // namespace weir
