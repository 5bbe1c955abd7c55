// The holding: section of a policy.
#include "conf/map_reader.h"
#include "policy/compiled_policy.h"

namespace weir {
namespace {

using Otherwise = HoldingRules::Otherwise;

// In the order of HoldingRules::Otherwise.
constexpr auto kOtherwise = std::to_array<std::string_view>({"block", "release"});
constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);

}  // namespace

HoldingRules compile_holding(const YamlNode& node, Problems& problems) {
  HoldingRules rules;
  if (node.kind == YamlNode::Kind::null) return rules;
  if (!check_map(node, "holding", policy_keys::kHolding, problems)) return rules;
  const MapReader reader(node, problems);
  const auto otherwise = [&](std::string_view key, Otherwise& into) {
    if (const auto at = reader.word(key, kOtherwise)) into = static_cast<Otherwise>(*at);
  };
  reader.duration("hold_timeout", std::chrono::seconds(1), kLongest, rules.hold_timeout);
  otherwise("on_timeout", rules.on_timeout);
  otherwise("on_unavailable", rules.on_unavailable);
  otherwise("on_unsupported", rules.on_unsupported);
  reader.duration("keep", std::chrono::seconds(10), kLongest, rules.keep);
  reader.duration("sign_of_life", std::chrono::milliseconds(0), kLongest, rules.sign_of_life);
  return rules;
}

}  // namespace weir
