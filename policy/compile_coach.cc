// The coach: section of a policy.
#include <algorithm>

#include "conf/bind.h"
#include "policy/compiled_policy.h"

namespace weir {
namespace {

// In the order of CoachRules::Words.
constexpr auto kWords = std::to_array<std::string_view>({"required", "optional", "none"});
constexpr std::chrono::milliseconds kShortest{10'000};
constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 30);

}  // namespace

CoachRules compile_coach(const YamlNode& node, Problems& problems) {
  CoachRules rules;
  if (node.kind == YamlNode::Kind::null) return rules;
  if (!check_map(node, "coach", policy_keys::kCoach, problems)) return rules;
  if (const YamlNode* value = node.find("justification")) {
    if (const auto word = read_word(*value, "justification", kWords, problems)) {
      const auto at = std::ranges::find(kWords, *word) - kWords.begin();
      rules.justification = static_cast<CoachRules::Words>(at);
    }
  }
  if (const YamlNode* value = node.find("remember")) {
    rules.remember =
        read_duration(*value, "remember", kShortest, kLongest, problems).value_or(rules.remember);
  }
  return rules;
}

}  // namespace weir
