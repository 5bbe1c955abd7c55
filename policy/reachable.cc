// Which rules can never decide, because an earlier one takes all of their cases.
#include <algorithm>

#include "policy/compiled_policy.h"

namespace weir {
namespace {

// Whether whatever meets `narrow` surely meets `wide`. Says no when it cannot tell.
bool covers(const Condition& wide, const Condition& narrow) {
  if (wide.row != narrow.row || wide.negate != narrow.negate) return false;
  const auto& more = wide.negate ? narrow.values : wide.values;
  const auto& fewer = wide.negate ? wide.values : narrow.values;
  return std::ranges::includes(more, fewer);
}

bool covers(const Rule& earlier, const Rule& later) {
  if (!earlier.whole) return false;
  // Rules that name a certificate error are also asked on their own, when there is one.
  if (!earlier.when.empty() && later.names_certificate_error() &&
      !earlier.names_certificate_error()) {
    return false;
  }
  return std::ranges::all_of(earlier.when, [&](const Condition& wide) {
    return std::ranges::any_of(later.when,
                               [&](const Condition& narrow) { return covers(wide, narrow); });
  });
}

}  // namespace

void check_reachable(const std::vector<Rule>& rules, Problems& problems) {
  for (std::size_t i = 1; i < rules.size(); ++i) {
    if (!rules[i].whole) continue;
    const auto end = rules.begin() + static_cast<std::ptrdiff_t>(i);
    const auto earlier =
        std::find_if(rules.begin(), end, [&](const Rule& rule) { return covers(rule, rules[i]); });
    if (earlier == end) continue;
    const std::string why = earlier->when.empty() ? "has no conditions" : "takes all of its cases";
    problems.error(rules[i].place, "rule '" + rules[i].name + "' is never reached: '" +
                                       earlier->name + "' on line " +
                                       std::to_string(earlier->place.line) + " " + why);
  }
}

}  // namespace weir
