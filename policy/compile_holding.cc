// The holding: section of a policy.
#include "conf/map_reader.h"
#include "policy/compiled_policy.h"

namespace weir {
namespace {

using Otherwise = HoldingRules::Otherwise;

// In the order of HoldingRules::Otherwise.
constexpr auto kOtherwise = std::to_array<std::string_view>({"block", "release"});
// In the order of HoldingRules::Archives.
constexpr auto kArchives = std::to_array<std::string_view>({"inside", "whole", "both"});
constexpr std::uint32_t kMostInside = 32;
constexpr std::uint64_t kMostInsideBytes = 1ULL << 30;
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
  if (const auto at = reader.word("archives", kArchives)) {
    rules.archives = static_cast<HoldingRules::Archives>(*at);
  }
  reader.count("inside_files", 1U, kMostInside, rules.inside_files);
  reader.bytes("inside_bytes", 1, kMostInsideBytes, rules.inside_bytes);
  reader.duration("keep", std::chrono::seconds(10), kLongest, rules.keep);
  reader.duration("sign_of_life", std::chrono::milliseconds(0), kLongest, rules.sign_of_life);
  return rules;
}

}  // namespace weir
