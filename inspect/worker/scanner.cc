#include "inspect/worker/scanner.h"

#include <utility>

#include "inspect/scan_wire.h"

namespace weir {

void FindingList::add_sign(Finding sign) {
  if (signs_ < kMaxScanFindings / 2 && findings_.size() < kMaxScanFindings) {
    ++signs_;
    return findings_.push_back(std::move(sign));
  }
  Finding* lightest = nullptr;
  for (Finding& finding : findings_) {
    const bool is_sign = finding.verdict == Verdict::clean;
    if (is_sign && (lightest == nullptr || finding.score < lightest->score)) lightest = &finding;
  }
  if (lightest != nullptr && lightest->score < sign.score) *lightest = std::move(sign);
}

void FindingList::add(Finding finding) {
  const bool graver = finding.verdict > worst_;
  worst_ = join(worst_, finding.verdict);
  finding.name.resize(std::min(finding.name.size(), kMaxFindingName));
  finding.where.resize(std::min(finding.where.size(), kMaxScanText));
  finding.detail.resize(std::min(finding.detail.size(), kMaxScanDetail));
  if (finding.verdict == Verdict::clean) return add_sign(std::move(finding));
  if (findings_.size() < kMaxScanFindings) {
    findings_.push_back(std::move(finding));
  } else if (graver) {
    findings_.back() = std::move(finding);
  }
}

void FindingList::add(Reason reason, const Artifact& artifact, std::string name) {
  if (artifact.guess && (reason == Reason::corrupt || reason == Reason::truncated)) return;
  add(Finding{.scanner = Scanner::structure,
              .verdict = Verdict::uninspectable,
              .reason = reason,
              .name = std::move(name),
              .where = artifact.where});
}

}  // namespace weir
