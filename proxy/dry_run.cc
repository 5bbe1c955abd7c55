#include "proxy/dry_run.h"

#include <algorithm>

#include "policy/walk.h"

namespace weir {
namespace {

PastDecision judgement_of(const Policy& policy, const EventFacts& event, Stage& reached) {
  const Facts facts = event.facts(policy);
  const auto steps = walk(policy, facts, event.last());
  const Decision& end = steps.back().decision;
  reached = end.stage;
  return {std::string(action_name(end.action)), std::string(end.rule),
          std::string(steps.back().name)};
}

}  // namespace

void DryRun::judge(const EventFacts& event, const EventView& view) {
  Stage old_end{}, new_end{};
  PastDecision before = judgement_of(in_force_, event, old_end);
  PastDecision after = judgement_of(proposed_, event, new_end);
  ++judged_;
  if (before.action == after.action && before.stage == after.stage) return;
  ++changed_;
  PolicyChange& change = changes_[{before, after}];
  ++change.events;
  const bool blocked = before.action == "block" || before.action == "bypass";
  change.beyond = blocked && after.action != "block" && new_end < Stage::verdict;
  change.before = std::move(before);
  change.after = std::move(after);
  if (change.clients.size() < kMostClients) change.clients.insert(view.client);
  if (change.examples.size() < kMostExamples) change.examples.push_back(view);
}

std::vector<PolicyChange> DryRun::changes() const {
  std::vector<PolicyChange> all;
  for (const auto& [key, change] : changes_) all.push_back(change);
  std::ranges::sort(all, std::ranges::greater{}, &PolicyChange::events);
  return all;
}

}  // namespace weir
