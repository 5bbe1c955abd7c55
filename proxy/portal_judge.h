// Judges a locked file that a person gave a password for, as a transaction would judge it: the
// scanners, the verdict stage, and for what is to go the sandbox stage. One request at the
// gateway's own site; loop thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/co.h"
#include "proxy/kept_files.h"
#include "proxy/services.h"
#include "proxy/transaction.h"

namespace weir {

class TransactionFacts;

class UnlockJudge {
 public:
  // Where the file stands now, and what it waits for if a sandbox has it.
  struct Judged {
    KeptState state;
    std::optional<HeldFor> held = {};
  };

  // All outlive it; the record is filled with what was learned.
  UnlockJudge(const ClientContext& context, std::shared_ptr<const Policy> policy, LoopServices& svc,
              TransactionRecord& record)
      : context_(context), policy_(std::move(policy)), svc_(svc), record_(record) {}

  Co<Judged> judge(const KeptFile& file, KeptState state, std::vector<std::string> passwords);

 private:
  Co<Assessment> assess(const KeptFile& file, std::vector<std::string> passwords);
  Co<Judged> consult_sandbox(const KeptFile& file, KeptState state, TransactionFacts& facts,
                             HeldFor held, std::vector<std::string> passwords);
  void settle(Judged& judged, TransactionFacts& facts, const SandboxVerdict& said,
              const KeptFile& file);
  void note_found(const Assessment& found, KeptState& state, const TransactionFacts& facts);
  void note_ruling(const Decision& ruling, const KeptState& state);

  const ClientContext& context_;
  const std::shared_ptr<const Policy> policy_;
  LoopServices& svc_;
  TransactionRecord& record_;
};

void note_locked_file(TransactionRecord& record, const KeptFile& file);

}  // namespace weir
