// The one table of conditions: what rules may ask under `when:`, from which stage on, how the value
// is written, and its help. Loading, explaining, the schema, the page and the tests walk it. A new
// condition is a row here and a fact in facts.h. `not_` before a name turns its answer round.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/yaml.h"
#include "policy/list_file.h"
#include "policy/matchers.h"

namespace weir {

enum class ValueKind : std::uint8_t {
  flag,        // true, false
  addresses,   // IP addresses and CIDR ranges
  words,       // exact; from `words` when there are any; `any`
  users,       // exact, any
  publishers,  // in any case, any
  groups,      // defined under groups:
  categories,  // defined under categories:
  names,       // one of several, exact, any
  scores,      // 0 to 100
  methods,     // exact, upper case
  file_types,  // names of core/file_type.h
  families,
  contents,    // several file_types and families, any
  extensions,  // without the dot
  hosts,       // names, suffixes, @lists
  ports,
  statuses,
  sizes,
  ages,   // durations, compared
  globs,  // * and ?, or re:REGEX
  regexes,
  digests,  // SHA-256 in hex, @lists
  times,
};

struct ConditionRow {
  std::string_view name;
  Stage from;  // the first stage that knows the fact
  ValueKind kind;
  Fact fact;
  std::string_view words;  // allowed ones, space separated; "" = any
  std::string_view example;
  std::string_view help;
};
std::span<const ConditionRow> condition_rows();
std::vector<std::string_view> words_of(const ConditionRow& row);  // allowed words, or none

struct Condition {
  const ConditionRow* row = nullptr;
  bool negate = false;
  std::string name;                 // as written, with not_
  std::string wanted;               // as written, for people
  std::vector<std::string> values;  // in one form, sorted: to find rules that say the same
  Matcher matcher;

  bool matches(const Facts& facts) const {
    return negate != std::visit([&](const auto& m) { return m.matches(facts); }, matcher);
  }
};

// What the names in conditions may refer to.
struct ConditionScope {
  Problems& problems;
  ListFiles& lists;
  std::vector<std::string_view> groups;
  std::vector<std::string_view> categories;
};

// One entry of a `when:` map; nullopt when a problem was reported.
std::optional<Condition> compile_condition(const YamlEntry& entry, Stage stage,
                                           ConditionScope& scope);

std::string_view stage_name(Stage stage);

}  // namespace weir
