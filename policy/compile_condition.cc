// From one entry of a `when:` map to a condition, by the kind of its row.
#include <algorithm>

#include "conf/bind.h"
#include "conf/nearest_word.h"
#include "core/digest.h"
#include "core/http_message.h"
#include "policy/conditions.h"

namespace weir {
namespace {

using enum ValueKind;

constexpr std::size_t kMostRegexes = 32;  // of one condition; each costs, unlike hosts
constexpr std::size_t kLongestWanted = 200;
constexpr std::string_view kNot = "not_";
constexpr std::string_view kAny = "any";

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
  return out;
}

class ConditionCompiler {
 public:
  ConditionCompiler(const ConditionRow& row, const YamlEntry& entry, Stage stage,
                    ConditionScope& scope)
      : row_(row), entry_(entry), stage_(stage), scope_(scope) {}

  std::optional<Condition> compile() {
    const int before = scope_.problems.errors();
    condition_.row = &row_;
    condition_.name = entry_.key;
    condition_.negate = entry_.key.starts_with(kNot) && entry_.key != row_.name;
    if (row_.kind == flag) {
      compile_flag();
    } else {
      items_ = read_list(entry_.value, entry_.key, scope_.problems);
      if (items_.empty()) error(entry_.value.place, "needs at least one value");
      note_values();
      compile_items();
    }
    if (scope_.problems.errors() > before) return std::nullopt;
    return std::move(condition_);
  }

 private:
  using Item = const YamlNode*;

  template <class T>
  T fact() const {
    return std::get<T>(row_.fact);
  }

  void error(Place place, const std::string& what) {
    scope_.problems.error(place, entry_.key + ": " + what);
  }
  void bad(Item item, const std::string& how) {
    error(item->place, quoted(item->text) + " " + how);
  }

  void compile_flag() {
    const auto wanted = read_flag(entry_.value, entry_.key, scope_.problems);
    if (!wanted) return;
    condition_.wanted = *wanted ? "true" : "false";
    condition_.values = {condition_.wanted};
    condition_.matcher = FlagMatcher{fact<FlagFact>(), *wanted};
  }

  void note_values() {
    for (const Item item : items_) {
      if (condition_.wanted.size() < kLongestWanted) {
        condition_.wanted += (condition_.wanted.empty() ? "" : ", ") + item->text;
      } else if (!condition_.wanted.ends_with("...")) {
        condition_.wanted += ", ...";
      }
      condition_.values.push_back(item->text);
    }
    std::ranges::sort(condition_.values);
  }

  void compile_items() {
    switch (row_.kind) {
      case addresses: return compile_addresses();
      case groups: return compile_several(scope_.groups, "groups");
      case categories: return compile_several(scope_.categories, "categories");
      case contents:
      case names: return compile_names();
      case scores: return compile_numbers(parse_scores, "is no score, like '>=50' or 20-49");
      case hosts: return compile_hosts();
      case ports: return compile_numbers(parse_ports, "is no port (1 to 65535) or range of ports");
      case statuses: return compile_numbers(parse_status, "is no status, like 404, 5xx or 400-499");
      case ages: return compile_numbers(parse_ages, "is no age, like '<24h' or '>=7d'");
      case sizes: return compile_numbers(parse_sizes, "is no size, like '>10MiB' or 1KiB-2KiB");
      case globs:
      case regexes: return compile_patterns();
      case digests: return compile_digests();
      case times: return compile_times();
      case words:
      case users:
      case publishers:
      case methods:
      case file_types:
      case families:
      case extensions: return compile_words();
      case flag: return;
    }
  }

  void compile_addresses() {
    AddressMatcher matcher{fact<AddressFact>(), {}};
    for (const Item item : items_) {
      const auto range = Cidr::parse(item->text);
      if (range) {
        matcher.ranges.push_back(*range);
      } else {
        bad(item, "is no address or range, like 10.0.0.0/8");
      }
    }
    condition_.matcher = std::move(matcher);
  }

  // The word in the form in which facts have it.
  std::string normal(const std::string& text) const {
    if (row_.kind == methods) return upper(text);
    if (row_.kind == extensions) return to_lower(text.starts_with('.') ? text.substr(1) : text);
    return row_.kind == publishers ? to_lower(text) : text;
  }

  void check_allowed(Item item) {
    const auto allowed = words_of(row_);
    if (allowed.empty() || std::ranges::find(allowed, item->text) != allowed.end()) return;
    const std::string hint = did_you_mean(item->text, allowed);
    bad(item,
        "is not known" +
            (hint.empty() && allowed.size() < 20 ? " (known: " + joined(allowed) + ")" : hint));
  }

  void compile_words() {
    if (row_.kind == extensions) return compile_extensions();
    WordMatcher matcher{fact<TextFact>(), false, {}};
    for (const Item item : items_) {
      check_allowed(item);
      if (item->text == kAny) {
        matcher.any = true;
      } else {
        matcher.words.push_back(normal(item->text));
      }
    }
    condition_.matcher = std::move(matcher);
  }

  // Names come in any case, and nothing may be allocated to lower them.
  void compile_extensions() {
    PatternMatcher matcher{fact<TextFact>(), true, {}, {}};
    for (const Item item : items_) {
      if (item->text.find_first_of("*?/") != std::string::npos) bad(item, "is no extension");
      matcher.globs.push_back(normal(item->text));
    }
    condition_.matcher = std::move(matcher);
  }

  void compile_several(std::span<const std::string_view> defined, std::string_view section) {
    WordsMatcher matcher{fact<WordsFact>(), false, {}};
    for (const Item item : items_) {
      if (item->text == kAny) {
        matcher.any = true;
        continue;
      }
      if (std::ranges::find(defined, item->text) == defined.end()) {
        bad(item, "is not defined under " + std::string(section) + ":" +
                      did_you_mean(item->text, defined));
      }
      matcher.words.push_back(item->text);
    }
    condition_.matcher = std::move(matcher);
  }

  void compile_names() {
    WordsMatcher matcher{fact<WordsFact>(), false, {}};
    for (const Item item : items_) {
      check_allowed(item);
      if (item->text == kAny) {
        matcher.any = true;
      } else {
        matcher.words.push_back(item->text);
      }
    }
    condition_.matcher = std::move(matcher);
  }

  void compile_hosts() {
    HostMatcher matcher{fact<TextFact>(), {}};
    auto written = std::make_shared<HostTable>();
    for (const Item item : items_) {
      const std::string_view text = item->text;
      if (text.starts_with('@')) {
        matcher.tables.push_back(scope_.lists.hosts(text.substr(1), item->place));
        continue;
      }
      const auto pattern = parse_host_pattern(text);
      if (pattern && !pattern->path.empty() && stage_ == Stage::connect) {
        bad(item, "has a path, which is known from the request stage on");
      } else if (pattern) {
        written->add(*pattern, 0);
      } else {
        bad(item, "is no host: " + pattern.error().what);
      }
    }
    if (written->size() > 0) matcher.tables.push_back(std::move(written));
    condition_.matcher = std::move(matcher);
  }

  void compile_numbers(std::optional<NumberRange> (*parse)(std::string_view), const char* how) {
    NumberMatcher matcher{fact<NumberFact>(), false, {}};
    for (const Item item : items_) {
      if ((row_.kind == sizes || row_.kind == ages) && item->text == "unknown") {
        matcher.unknown = true;
      } else if (const auto range = parse(item->text)) {
        matcher.ranges.push_back(*range);
      } else {
        bad(item, how);
      }
    }
    condition_.matcher = std::move(matcher);
  }

  void compile_patterns() {
    PatternMatcher matcher{fact<TextFact>(), row_.name == "file_name", {}, {}};
    for (const Item item : items_) {
      constexpr std::string_view kPrefix = "re:";
      const bool prefixed = item->text.starts_with(kPrefix);
      if (row_.kind == globs && !prefixed) {
        matcher.globs.push_back(item->text);
        continue;
      }
      auto regex = Regex::compile(std::string_view(item->text).substr(prefixed ? 3 : 0));
      if (regex) {
        matcher.regexes.push_back(std::move(*regex));
      } else {
        bad(item, "is no RE2 pattern: " + regex.error().what);
      }
    }
    if (matcher.regexes.size() > kMostRegexes) {
      error(entry_.place, "more than 32 patterns; use host with a list, or fewer patterns");
    }
    condition_.matcher = std::move(matcher);
  }

  void compile_digests() {
    auto table = std::make_shared<NameTable>();
    for (const Item item : items_) {
      if (item->text.starts_with('@')) {
        add_digests(*item, *table);
      } else if (!add_digest(item->text, *table)) {
        bad(item, "is no SHA-256 in hex");
      }
    }
    condition_.matcher = DigestMatcher{fact<TextFact>(), std::move(table)};
  }

  static bool add_digest(std::string_view text, NameTable& table) {
    const auto bytes = from_hex(text);
    if (!bytes || bytes->size() != 32) return false;
    const std::string name = hex(*bytes);
    table.add(digest_hash(name), name, 0);
    return true;
  }

  void add_digests(const YamlNode& item, NameTable& table) {
    const ListFile* list = scope_.lists.open(std::string_view(item.text).substr(1), item.place);
    if (list == nullptr) return;
    for (const ListLine& line : list->lines) {
      const std::string_view word = line.text.substr(0, line.text.find_first_of(" \t"));
      if (!add_digest(word, table)) scope_.lists.skip(*list, line, "no SHA-256 in hex");
    }
  }

  void compile_times() {
    TimeMatcher matcher{fact<TimeFact>(), {}};
    for (const Item item : items_) {
      const auto window = parse_window(item->text);
      if (window) {
        matcher.windows.push_back(*window);
      } else {
        bad(item, "is no time, like 'mon-fri 08:00-18:00'");
      }
    }
    condition_.matcher = std::move(matcher);
  }

  const ConditionRow& row_;
  const YamlEntry& entry_;
  Stage stage_;
  ConditionScope& scope_;
  std::vector<Item> items_;
  Condition condition_;
};

void unknown_condition(const YamlEntry& entry, Problems& problems) {
  std::vector<std::string> names;
  for (const ConditionRow& row : condition_rows()) {
    names.emplace_back(row.name);
    if (entry.key.starts_with(kNot)) names.push_back(std::string(kNot) + std::string(row.name));
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  problems.error(entry.place,
                 "unknown condition " + quoted(entry.key) + did_you_mean(entry.key, views));
}

}  // namespace

std::optional<Condition> compile_condition(const YamlEntry& entry, Stage stage,
                                           ConditionScope& scope) {
  std::string_view name = entry.key;
  if (name.starts_with(kNot)) name.remove_prefix(kNot.size());
  const auto row = std::ranges::find(condition_rows(), name, &ConditionRow::name);
  if (row == condition_rows().end()) {
    unknown_condition(entry, scope.problems);
    return std::nullopt;
  }
  if (row->from > stage) {
    scope.problems.error(entry.place, quoted(name) + " is known from the " +
                                          std::string(stage_name(row->from)) +
                                          " stage on, not in " + std::string(stage_name(stage)));
    return std::nullopt;
  }
  if (row->name == "certificate_error" && name != entry.key) {
    scope.problems.error(entry.place, "not_certificate_error is not allowed: name what you accept");
    return std::nullopt;
  }
  return ConditionCompiler(*row, entry, stage, scope).compile();
}

}  // namespace weir
