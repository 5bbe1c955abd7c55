// Past traffic judged by a policy that is not in force yet: what would be decided otherwise,
// grouped by the rules that decide. Both policies judge the same facts (event_facts.h), so that
// what the log does not tell makes no difference between them. One owner, one thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "policy/policy.h"
#include "proxy/event_facts.h"
#include "proxy/events/event_view.h"

namespace weir {

// "block by 'no-games' in request".
struct PastDecision {
  std::string action, rule, stage;
  auto operator<=>(const PastDecision&) const = default;
};

struct PolicyChange {
  PastDecision before, after;
  std::uint64_t events = 0;
  std::set<std::string> clients;    // kMostClients at most
  std::vector<EventView> examples;  // the newest, kMostExamples at most
  // The new policy goes on to a stage that nothing was ever seen of: the file was not fetched.
  bool beyond = false;
};

class DryRun {
 public:
  static constexpr std::size_t kMostClients = 10'000, kMostExamples = 3;

  // `in_force` and `proposed` outlive it.
  DryRun(const Policy& in_force, const Policy& proposed)
      : in_force_(in_force), proposed_(proposed) {}

  void judge(const EventFacts& event, const EventView& view);

  std::uint64_t judged() const { return judged_; }
  std::uint64_t changed() const { return changed_; }
  // The most frequent first.
  std::vector<PolicyChange> changes() const;

 private:
  const Policy& in_force_;
  const Policy& proposed_;
  std::uint64_t judged_ = 0, changed_ = 0;
  std::map<std::pair<PastDecision, PastDecision>, PolicyChange> changes_;
};

}  // namespace weir
