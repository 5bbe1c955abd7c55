#include "sandbox_client/engine_list.h"

#include <array>
#include <filesystem>
#include <set>

#include "conf/map_reader.h"
#include "conf/yaml.h"
#include "core/file_type.h"
#include "sandbox_client/cape.h"
#include "sandbox_client/cuckoo3.h"
#include "sandbox_client/local.h"
#include "sandbox_client/webhook.h"

namespace weir {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kMostEngines = 32;
constexpr std::size_t kLongestName = 64;
constexpr std::uint64_t kMostBytes = 1ULL << 40;
constexpr milliseconds kLongest = hours(24 * 3650);

constexpr auto kTopKeys =
    std::to_array<std::string_view>({"version", "engines", "queue", "memory", "deadline"});
constexpr auto kQueueKeys =
    std::to_array<std::string_view>({"max_files", "max_bytes", "max_file_bytes", "max_attempts"});
constexpr auto kMemoryKeys = std::to_array<std::string_view>(
    {"clean", "suspicious", "malicious", "unknown", "max_files", "max_report_bytes"});
constexpr auto kCommonKeys =
    std::to_array<std::string_view>({"name", "kind", "enabled", "types", "concurrency"});
constexpr auto kLocalKeys =
    std::to_array<std::string_view>({"start", "socket", "signatures_file", "seconds"});
constexpr auto kRestKeys = std::to_array<std::string_view>(
    {"url", "token_file", "ca_file", "proxy", "requests_per_minute", "timeout", "poll_pause"});
constexpr auto kScoreKeys =
    std::to_array<std::string_view>({"suspicious_score", "malicious_score"});
constexpr auto kCapeKeys = std::to_array<std::string_view>({"reuse", "whole_report", "fields"});
constexpr auto kCuckoo3Keys = std::to_array<std::string_view>({"settings_json"});
// In the order of EngineKind.
constexpr auto kKinds = std::to_array<std::string_view>({"local", "cape", "cuckoo3", "webhook"});

std::vector<std::string_view> keys_of(EngineKind kind) {
  std::vector<std::string_view> keys(kCommonKeys.begin(), kCommonKeys.end());
  const auto add = [&](std::span<const std::string_view> more) {
    keys.insert(keys.end(), more.begin(), more.end());
  };
  add(kind == EngineKind::local ? std::span<const std::string_view>(kLocalKeys) : kRestKeys);
  if (kind == EngineKind::cape || kind == EngineKind::cuckoo3) add(kScoreKeys);
  if (kind == EngineKind::cape) add(kCapeKeys);
  if (kind == EngineKind::cuckoo3) add(kCuckoo3Keys);
  return keys;
}

bool is_name(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  return !text.empty() && text.size() <= kLongestName &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

// What an engine has when the list does not say otherwise.
EngineSpec defaults_of(EngineKind kind) {
  EngineSpec spec;
  spec.kind = kind;
  if (kind == EngineKind::local) return spec;
  spec.concurrency = 4;
  spec.rest.token_word = kind == EngineKind::webhook ? "Bearer"
                         : kind == EngineKind::cape  ? "Token"
                                                     : "token";
  if (kind == EngineKind::cape) spec.rest.rate = {5, 1};  // CAPE's own throttle
  return spec;
}

class EngineReader {
 public:
  EngineReader(const YamlNode& node, const std::filesystem::path& folder, Problems& problems)
      : node_(node), folder_(folder), problems_(problems), reader_(node, problems) {}

  std::optional<EngineSpec> read() {
    if (node_.kind != YamlNode::Kind::map) {
      problems_.error(node_.place, "an engine must be a map");
      return std::nullopt;
    }
    const auto kind = reader_.word("kind", kKinds);
    if (!kind) {
      if (!reader_.has("kind")) reader_.wrong("kind", "'kind' is missing");
      return std::nullopt;
    }
    spec_ = defaults_of(static_cast<EngineKind>(*kind));
    const auto keys = keys_of(spec_.kind);
    if (!check_map(node_, "an engine", keys, problems_)) return std::nullopt;
    read_common();
    if (spec_.kind == EngineKind::local) {
      read_local();
    } else {
      read_rest();
      read_scores();
    }
    return std::move(spec_);
  }

 private:
  void read_common() {
    reader_.text("name", spec_.name);
    if (!is_name(spec_.name)) {
      reader_.wrong("name", "'name' has 1 to 64 small letters, digits, '-' or '_'");
    }
    reader_.flag("enabled", spec_.enabled);
    reader_.texts("types", spec_.types);
    for (const std::string& type : spec_.types) {
      if (!file_type_from_name(type)) reader_.wrong("types", "no file type " + weir::quoted(type));
    }
    reader_.count("concurrency", 1U, 1000U, spec_.concurrency);
  }

  void read_local() {
    reader_.flag("start", spec_.start);
    path("socket", spec_.socket);
    if (reader_.has("signatures_file")) path("signatures_file", spec_.signatures_file);
    reader_.count("seconds", 1, 600, spec_.seconds);
    if (spec_.concurrency > 64) {
      reader_.wrong("concurrency", "a local worker runs at most 64 files at a time");
    }
  }

  void read_rest() {
    RestOptions& rest = spec_.rest;
    reader_.text("url", rest.base_url);
    while (rest.base_url.ends_with('/')) rest.base_url.pop_back();
    const bool web = rest.base_url.starts_with("https://") || rest.base_url.starts_with("http://");
    if (!web) reader_.wrong("url", "'url' starts with https:// or http://");
    path("token_file", rest.token_file);
    if (rest.base_url.starts_with("http://") && !rest.token_file.empty() && !loopback(rest)) {
      reader_.wrong("token_file", "a secret is not sent over http://; use https");
    }
    path("ca_file", rest.http.ca_file);
    reader_.text("proxy", rest.http.proxy);
    reader_.count("requests_per_minute", 0U, 60'000U, rest.rate.per_minute);
    reader_.duration("timeout", seconds(1), hours(1), rest.http.timeout);
    if (reader_.has("poll_pause")) {
      reader_.duration("poll_pause", milliseconds(100), hours(1), spec_.poll_pause.emplace());
    }
  }

  // On this machine nobody listens in between.
  static bool loopback(const RestOptions& rest) {
    return rest.base_url.starts_with("http://127.0.0.1:") ||
           rest.base_url.starts_with("http://[::1]:");
  }

  void read_scores() {
    reader_.count("suspicious_score", std::uint8_t{1}, std::uint8_t{100}, spec_.limits.suspicious);
    reader_.count("malicious_score", std::uint8_t{1}, std::uint8_t{100}, spec_.limits.malicious);
    if (spec_.limits.suspicious > spec_.limits.malicious) {
      reader_.wrong("suspicious_score", "'suspicious_score' is above 'malicious_score'");
    }
    reader_.duration("reuse", milliseconds(0), kLongest, spec_.reuse);
    reader_.flag("whole_report", spec_.whole_report);
    reader_.text("settings_json", spec_.settings_json);
    const YamlNode* fields = node_.find("fields");
    if (fields == nullptr) return;
    if (fields->kind != YamlNode::Kind::map) {
      return problems_.error(fields->place, "'fields' must map names to texts");
    }
    for (const YamlEntry& entry : fields->entries) spec_.fields[entry.key] = entry.value.text;
  }

  void path(std::string_view key, std::string& into) {
    if (!reader_.has(key)) return;
    into.clear();
    reader_.text(key, into);
    if (!into.empty()) into = (folder_ / into).lexically_normal().string();
  }

  const YamlNode& node_;
  const std::filesystem::path& folder_;
  Problems& problems_;
  const MapReader reader_;
  EngineSpec spec_;
};

void read_queue(const YamlNode& node, QueueOptions& queue, Problems& problems) {
  if (!check_map(node, "queue", kQueueKeys, problems)) return;
  const MapReader reader(node, problems);
  reader.count("max_files", std::uint64_t{1}, std::uint64_t{1'000'000}, queue.max_rows);
  reader.bytes("max_bytes", 1 << 20, kMostBytes, queue.max_bytes);
  reader.bytes("max_file_bytes", 1024, kMostBytes, queue.max_file_bytes);
  reader.count("max_attempts", 1U, 1000U, queue.max_attempts);
}

void read_memory(const YamlNode& node, MemoryOptions& memory, Problems& problems) {
  if (!check_map(node, "memory", kMemoryKeys, problems)) return;
  const MapReader reader(node, problems);
  reader.duration("clean", seconds(1), kLongest, memory.clean);
  reader.duration("suspicious", seconds(1), kLongest, memory.suspicious);
  reader.duration("malicious", seconds(1), kLongest, memory.malicious);
  reader.duration("unknown", seconds(1), kLongest, memory.unknown);
  reader.count("max_files", std::uint64_t{1}, std::uint64_t{100'000'000}, memory.max_rows);
  reader.bytes("max_report_bytes", 1024, 64 << 20, memory.max_report_bytes);
}

void read_engines(const YamlNode& node, const std::filesystem::path& folder, SandboxList& list,
                  Problems& problems) {
  if (node.kind == YamlNode::Kind::null) return;
  if (node.kind != YamlNode::Kind::list || node.items.size() > kMostEngines) {
    return problems.error(node.place, "'engines' must be a list of at most 32 engines");
  }
  std::set<std::string> names;
  for (const YamlNode& item : node.items) {
    auto spec = EngineReader(item, folder, problems).read();
    if (!spec) continue;
    if (!names.insert(spec->name).second) {
      problems.error(item.place, "a second engine of the name " + weir::quoted(spec->name));
    }
    list.engines.push_back(std::move(*spec));
  }
}

}  // namespace

std::optional<SandboxList> load_sandbox_list(const std::string& path,
                                             std::vector<Diagnostic>& found) {
  Problems problems(path, found);
  const auto root = load_yaml(path, problems);
  if (!root) return std::nullopt;
  SandboxList list;
  if (root->kind != YamlNode::Kind::null &&
      check_map(*root, "the list of sandboxes", kTopKeys, problems)) {
    const MapReader reader(*root, problems);
    std::uint64_t version = 0;
    reader.count("version", std::uint64_t{1}, std::uint64_t{1}, version);
    if (version != 1) reader.wrong("version", "'version' must be 1");
    reader.duration("deadline", seconds(1), hours(24), list.deadline);
    if (const YamlNode* node = root->find("queue")) read_queue(*node, list.queue, problems);
    if (const YamlNode* node = root->find("memory")) read_memory(*node, list.memory, problems);
    const auto folder = std::filesystem::path(path).parent_path();
    if (const YamlNode* node = root->find("engines")) read_engines(*node, folder, list, problems);
  }
  if (problems.errors() > 0) return std::nullopt;
  return list;
}

std::unique_ptr<Engine> make_engine(const EngineSpec& spec, const std::string& versions,
                                    const Clock& clock, Random& random, StopSignal& stop) {
  switch (spec.kind) {
    case EngineKind::local: {
      LocalOptions options;
      options.name = spec.name;
      options.socket = spec.socket;
      options.versions = versions;
      options.types = spec.types;
      options.seconds = spec.seconds;
      options.longest = seconds(spec.seconds) + std::chrono::minutes(5);
      return std::make_unique<LocalEngine>(std::move(options), clock, random);
    }
    case EngineKind::cape: {
      CapeOptions options;
      options.name = spec.name;
      options.rest = spec.rest;
      options.limits = spec.limits;
      options.reuse = spec.reuse;
      options.whole_report = spec.whole_report;
      options.types = spec.types;
      options.fields = spec.fields;
      options.poll_pause = spec.poll_pause.value_or(options.poll_pause);
      return std::make_unique<CapeEngine>(std::move(options), clock, stop);
    }
    case EngineKind::cuckoo3: {
      Cuckoo3Options options;
      options.name = spec.name;
      options.rest = spec.rest;
      options.limits = spec.limits;
      options.types = spec.types;
      options.settings_json = spec.settings_json;
      options.poll_pause = spec.poll_pause.value_or(options.poll_pause);
      return std::make_unique<Cuckoo3Engine>(std::move(options), clock, stop);
    }
    case EngineKind::webhook: {
      WebhookOptions options;
      options.name = spec.name;
      options.rest = spec.rest;
      options.types = spec.types;
      options.poll_pause = spec.poll_pause.value_or(options.poll_pause);
      return std::make_unique<WebhookEngine>(std::move(options), clock, stop);
    }
  }
  return nullptr;
}

}  // namespace weir
