// Asks sandboxes about a download: the file itself, or the programs inside it.
#pragma once

#include <string>
#include <vector>

#include "core/co.h"
#include "core/file_type.h"
#include "inspect/inspector.h"
#include "inspect/intake.h"
#include "policy/policy.h"
#include "proxy/sandbox_desk.h"

namespace weir {

// What a sandbox once called malicious is so for everybody, also inside an archive.
void add_known_bad(const SandboxDesk& desk, const std::string& sha256, Assessment& found);

struct SandboxQuestion {
  Submission whole;
  ScanSubject subject;  // of it; with the passwords that open it
  FileType type{};
  std::vector<ArtifactNote> tree;
  HoldingRules rules;
};

// The question about what a transaction or the gateway's own site has in hand. `waits`: somebody
// does, so it goes first.
SandboxQuestion question_about(const Artifact& artifact, const std::string& name,
                               const std::string& source_url, const Assessment& found,
                               const HoldingRules& rules, bool waits);

// Why there will be no verdict to wait for; nullopt while one is awaited, or when it is there.
std::optional<SandboxVerdict> why_not(const SandboxAnswer& answer);

// Loop thread; the desk and the inspector outlive it.
Co<SandboxAnswer> ask_sandboxes(SandboxDesk& desk, Inspector& inspector, SandboxQuestion question);

}  // namespace weir
