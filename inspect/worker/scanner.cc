#include "inspect/worker/scanner.h"

#include <utility>

#include "inspect/scan_wire.h"

namespace weir {

void FindingList::add(Finding finding) {
  const bool graver = finding.verdict > worst_;
  worst_ = join(worst_, finding.verdict);
  finding.name.resize(std::min(finding.name.size(), kMaxFindingName));
  finding.where.resize(std::min(finding.where.size(), kMaxScanText));
  if (findings_.size() < kMaxScanFindings) {
    findings_.push_back(std::move(finding));
  } else if (graver) {
    findings_.back() = std::move(finding);
  }
}

void FindingList::add(Reason reason, const Artifact& artifact, std::string name) {
  add(Finding{.scanner = Scanner::structure,
              .verdict = Verdict::uninspectable,
              .reason = reason,
              .name = std::move(name),
              .where = artifact.where});
}

}  // namespace weir
