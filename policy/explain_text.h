// Why a policy does what it does, for people and for programs: what `weir explain` prints. The
// pieces are values and views that live as long as the policy and the facts.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"
#include "policy/walk.h"

namespace weir {

struct Explanation {
  std::string method, url, client, user;
  std::vector<std::string> categories;
  std::vector<WalkStep> steps;  // the last one decided
  const Decision& decision() const { return steps.back().decision; }
};

Explanation explain_all(const Policy& policy, const Facts& facts);

std::string explanation_text(const Explanation& explanation);
// {"url":...,"action":...,"stage":...,"rule":...,"stages":[{"stage":...,"rules":[...]}]}
std::string explanation_json(const Explanation& explanation);

}  // namespace weir
