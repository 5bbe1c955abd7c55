// The stages of a policy one after the other for one set of facts, as a transaction goes through
// them: for explanations and for the policy's own tests. Not for the request path.
#pragma once

#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace weir {

struct WalkStep {
  std::string_view name;  // of the stage; "certificate" when an origin's certificate is judged
  Decision decision;
  std::vector<RuleTrace> trace;
};

// From the connect stage (for what comes in a CONNECT) to `last`, or to the first that blocks or
// bypasses. Views live as long as the policy; never empty.
std::vector<WalkStep> walk(const Policy& policy, const Facts& facts, Stage last);

}  // namespace weir
