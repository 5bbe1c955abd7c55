// What a sandbox's answer makes of a file that policy would let go: the steps that a transaction
// and the gateway's own site share. Pure but for the wording.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/finding.h"
#include "core/http_message.h"
#include "policy/policy.h"
#include "proxy/sandbox_case.h"
#include "proxy/transaction_record.h"

namespace weir {

class TransactionFacts;

// A file that waits for a sandbox, and what is needed to decide about it afterwards.
struct HeldFor {
  std::shared_ptr<SandboxCase> under_way;
  Assessment found;                      // without the sandbox
  Decision asked;                        // of the sandbox stage
  Decision before;                       // of the verdict stage
  std::shared_ptr<const Policy> policy;  // whose the decisions are
  SteadyTime until;                      // then on_timeout decides
};

// The verdict that stands for no answer.
SandboxVerdict no_answer(Reason reason, std::string why);

// What is found in a file that a sandbox calls so; nothing for clean ones.
std::optional<Finding> finding_of(const SandboxVerdict& said);

// Puts the answer into `found` and the facts, and asks the verdict stage again. Where there is no
// verdict, policy's on_timeout, on_unavailable or on_unsupported decides.
Decision rule_with_sandbox(const Policy& policy, TransactionFacts& facts, Assessment& found,
                           const std::string& sha256, const HeldFor& held,
                           const SandboxVerdict& said);

// A person looks at this request and would see a page.
bool is_navigation(const RequestHead& request);
// A program that is known to go on waiting when it gets a 102 (RFC 2518 10.1).
bool understands_processing(const RequestHead& request);

void note_sandbox(SandboxNote& note, const SandboxVerdict& said);

}  // namespace weir
