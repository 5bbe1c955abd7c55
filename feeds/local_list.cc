#include "feeds/local_list.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "conf/bind.h"
#include "conf/yaml.h"
#include "core/json_writer.h"
#include "core/net_addr.h"
#include "core/replace_file.h"
#include "feeds/reputation.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 6> kKeys = {"kind",  "value",   "action",
                                                   "added", "expires", "why"};
constexpr std::array<std::string_view, 2> kActions = {"block", "allow"};
constexpr std::uint64_t kLatest = 253'402'300'799;  // the year 9999, Unix seconds

std::uint64_t seconds_of(WallTime time) {
  const auto since = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch());
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, since.count()));
}

class EntryReader {
 public:
  EntryReader(const YamlNode& node, Problems& problems) : node_(node), problems_(problems) {}

  LocalEntry read() {
    LocalEntry entry;
    if (!check_map(node_, "an entry", kKeys, problems_)) return entry;
    const auto kind = indicator_kind(text("kind"));
    if (!kind) problems_.error(node_.place, "'kind' is not known");
    auto known = canonical_indicator(kind.value_or(IndicatorKind::domain), text("value"));
    if (!known) {
      problems_.error(node_.place, known.error().what);
      return entry;
    }
    entry.kind = known->kind;
    entry.value = known->value;
    entry.allow = text("action") == "allow";
    if (std::ranges::find(kActions, text("action")) == kActions.end()) {
      problems_.error(node_.place, "'action' is block or allow");
    }
    entry.added = time("added");
    entry.expiry = time("expires");
    entry.why = text("why");
    return entry;
  }

 private:
  std::string text(std::string_view key) {
    const YamlNode* value = node_.find(key);
    return value == nullptr ? std::string() : read_text(*value, key, problems_).value_or("");
  }
  WallTime time(std::string_view key) {
    const YamlNode* value = node_.find(key);
    if (value == nullptr) return {};
    const auto seconds = read_count(*value, key, 0, kLatest, problems_).value_or(0);
    return WallTime(std::chrono::seconds(seconds));
  }

  const YamlNode& node_;
  Problems& problems_;
};

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

IndicatorKind kind_of(std::string_view text) {
  if (text.find("://") != std::string_view::npos) return IndicatorKind::url;
  if (IpAddress::parse(text)) return IndicatorKind::ip;
  if (Cidr::parse(text)) return IndicatorKind::cidr;
  if (is_hex(text) && text.size() == 64) return IndicatorKind::sha256;
  if (is_hex(text) && text.size() == 40) return IndicatorKind::sha1;
  if (is_hex(text) && text.size() == 32) return IndicatorKind::md5;
  return text.find('/') == std::string_view::npos ? IndicatorKind::domain : IndicatorKind::url;
}

}  // namespace

Result<LocalEntry> local_entry(std::string_view text) {
  auto known = canonical_indicator(kind_of(text), text, {.public_suffixes = true});
  if (!known) return pass(std::move(known));
  LocalEntry entry;
  entry.kind = known->kind;
  entry.value = std::move(known->value);
  return entry;
}

Result<LocalList> LocalList::load(const std::string& path) {
  LocalList list;
  if (!std::filesystem::exists(path)) return list;
  std::vector<Diagnostic> found;
  Problems problems(path, found);
  const auto root = load_yaml(path, problems);
  if (root && root->kind == YamlNode::Kind::list) {
    for (const YamlNode& item : root->items) {
      list.entries_.push_back(EntryReader(item, problems).read());
    }
  } else if (root && root->kind != YamlNode::Kind::null) {
    problems.error(root->place, "must be a list of entries");
  }
  if (problems.errors() > 0) return fail(Errc::invalid, Fault::config, found.front().text());
  return list;
}

Result<void> LocalList::save(const std::string& path) const {
  std::string text;
  JsonWriter json(text);
  json.begin_array();
  for (const LocalEntry& entry : entries_) {
    text += '\n';
    json.begin_object();
    json.member("kind", indicator_kind_name(entry.kind));
    json.member("value", entry.value);
    json.member("action", entry.allow ? "allow" : "block");
    json.member("added", seconds_of(entry.added));
    if (entry.expiry != WallTime{}) json.member("expires", seconds_of(entry.expiry));
    json.member("why", entry.why);
    json.end_object();
  }
  json.end_array();
  text += '\n';
  return replace_file(path, text);
}

Result<void> LocalList::put(LocalEntry entry) {
  remove(entry.kind, entry.value);
  if (entries_.size() >= kMost) {
    return fail(Errc::too_large, Fault::config,
                "the local list is full (" + std::to_string(kMost) + " entries)");
  }
  entries_.push_back(std::move(entry));
  return {};
}

bool LocalList::remove(IndicatorKind kind, std::string_view value) {
  return std::erase_if(entries_, [&](const LocalEntry& entry) {
           return entry.kind == kind && entry.value == value;
         }) > 0;
}

void LocalList::drop_expired(WallTime now) {
  std::erase_if(entries_, [&](const LocalEntry& entry) {
    return entry.expiry != WallTime{} && entry.expiry <= now;
  });
}

std::vector<Indicator> LocalList::indicators() const {
  std::vector<Indicator> all;
  for (const LocalEntry& entry : entries_) {
    Indicator one;
    one.kind = entry.kind;
    one.value = entry.value;
    one.about.source = kLocalSource;
    one.about.threat = entry.allow ? Threat::allow : Threat::deny;
    one.about.confidence = 100;
    one.about.first_seen = entry.added;
    one.about.expiry = entry.expiry;
    one.about.note = entry.why;
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace weir
