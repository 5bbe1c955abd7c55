#include "sandbox_client/judgement.h"

#include <algorithm>

namespace weir {
namespace {

Verdict verdict_of(DetonationVerdict verdict) {
  switch (verdict) {
    case DetonationVerdict::clean: return Verdict::clean;
    case DetonationVerdict::suspicious: return Verdict::suspicious;
    case DetonationVerdict::malicious: return Verdict::malicious;
    case DetonationVerdict::unknown: return Verdict::uninspectable;
  }
  return Verdict::uninspectable;
}

}  // namespace

Result<Judgement> judge(const SandboxReport& report, std::string versions) {
  if (report.outcome == DetonationOutcome::unsupported) {
    return fail(Errc::unsupported, Fault::helper, "cannot run it: " + report.reason);
  }
  // A run that the time ended has seen what it has seen; without a verdict it has seen nothing.
  if (report.outcome == DetonationOutcome::failed || report.verdict == DetonationVerdict::unknown) {
    return fail(Errc::crashed, Fault::helper, "analysis failed: " + report.reason);
  }
  Judgement judgement;
  SandboxVerdict& verdict = judgement.verdict;
  verdict.verdict = verdict_of(report.verdict);
  verdict.reason = Reason::none;
  verdict.score = static_cast<std::uint8_t>(std::clamp(report.score, 0, 100));
  verdict.versions = std::move(versions);
  const auto gravest = std::ranges::max_element(report.signatures, {}, &SignatureHit::severity);
  if (gravest != report.signatures.end()) verdict.title = gravest->name;
  judgement.report_json = write_report(report);
  return judgement;
}

}  // namespace weir
