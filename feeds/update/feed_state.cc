#include "feeds/update/feed_state.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "conf/bind.h"
#include "conf/yaml.h"
#include "core/json_writer.h"
#include "core/replace_file.h"

namespace weir {
namespace {

constexpr std::uint64_t kLatest = 253'402'300'799;  // the year 9999, Unix seconds
constexpr std::uint64_t kMost = 1ULL << 62;

struct TextRow {
  std::string_view key;
  std::string FeedState::* member;
};
struct TimeRow {
  std::string_view key;
  WallTime FeedState::* member;
};
struct CountRow {
  std::string_view key;
  std::uint64_t FeedState::* member;
};

constexpr auto kTexts = std::to_array<TextRow>({{"url", &FeedState::url},
                                                {"format", &FeedState::format},
                                                {"etag", &FeedState::etag},
                                                {"last_modified", &FeedState::last_modified},
                                                {"problem", &FeedState::problem}});
constexpr auto kTimes = std::to_array<TimeRow>({{"checked", &FeedState::checked},
                                                {"good", &FeedState::good},
                                                {"changed", &FeedState::changed},
                                                {"next", &FeedState::next}});
constexpr auto kCounts = std::to_array<CountRow>({{"indicators", &FeedState::indicators},
                                                  {"rejected", &FeedState::rejected},
                                                  {"bytes", &FeedState::bytes}});

std::uint64_t seconds_of(WallTime time) {
  const auto since = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch());
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, since.count()));
}

FeedState read_state(const YamlNode& node, Problems& problems) {
  FeedState state;
  for (const TextRow& row : kTexts) {
    if (const YamlNode* value = node.find(row.key)) {
      state.*row.member = read_text(*value, row.key, problems).value_or("");
    }
  }
  for (const TimeRow& row : kTimes) {
    if (const YamlNode* value = node.find(row.key)) {
      const auto seconds = read_count(*value, row.key, 0, kLatest, problems).value_or(0);
      // WallTime ends in 2262.
      state.*row.member =
          WallTime(std::chrono::seconds(std::min<std::uint64_t>(seconds, 9'000'000'000)));
    }
  }
  for (const CountRow& row : kCounts) {
    if (const YamlNode* value = node.find(row.key)) {
      state.*row.member = read_count(*value, row.key, 0, kMost, problems).value_or(0);
    }
  }
  if (const YamlNode* value = node.find("failures")) {
    state.failures =
        static_cast<unsigned>(read_count(*value, "failures", 0, 1'000'000, problems).value_or(0));
  }
  if (const YamlNode* value = node.find("quarantined")) {
    state.quarantined = read_flag(*value, "quarantined", problems).value_or(false);
  }
  if (const YamlNode* value = node.find("reasons")) {
    for (const YamlNode* item : read_list(*value, "reasons", problems)) {
      if (state.reasons.size() < kMostReasons) state.reasons.push_back(item->text);
    }
  }
  return state;
}

void write_state(JsonWriter& json, const FeedState& state) {
  json.begin_object();
  for (const TextRow& row : kTexts) json.member(row.key, std::string_view(state.*row.member));
  for (const TimeRow& row : kTimes) json.member(row.key, seconds_of(state.*row.member));
  for (const CountRow& row : kCounts) json.member(row.key, state.*row.member);
  json.member("failures", static_cast<std::uint64_t>(state.failures));
  json.member("quarantined", state.quarantined);
  json.key("reasons");
  json.begin_array();
  for (const std::string& reason : state.reasons) json.string(reason);
  json.end_array();
  json.end_object();
}

}  // namespace

Result<FeedStates> load_feed_states(const std::string& path) {
  FeedStates states;
  if (!std::filesystem::exists(path)) return states;
  std::vector<Diagnostic> found;
  Problems problems(path, found);
  const auto root = load_yaml(path, problems);
  if (root && root->kind == YamlNode::Kind::map) {
    for (const YamlEntry& entry : root->entries) {
      states[entry.key] = read_state(entry.value, problems);
    }
  } else if (root && root->kind != YamlNode::Kind::null) {
    problems.error(root->place, "must be a map of feeds");
  }
  if (problems.errors() > 0) return fail(Errc::invalid, Fault::local, found.front().text());
  return states;
}

Result<void> save_feed_states(const std::string& path, const FeedStates& states) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  for (const auto& [name, state] : states) {
    text += '\n';
    json.key(name);
    write_state(json, state);
  }
  json.end_object();
  text += '\n';
  return replace_file(path, text);
}

}  // namespace weir
