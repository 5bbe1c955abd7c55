#include "proxy/sandbox_bundles.h"

#include <utility>

namespace weir {
namespace {

int weight(const SandboxVerdict& said) {
  const bool not_run = said.reason == Reason::unsupported || said.reason == Reason::too_large ||
                       said.reason == Reason::too_many;
  switch (said.verdict) {
    case Verdict::clean: return 0;
    case Verdict::suspicious: return 2;
    case Verdict::uninspectable: return not_run ? 1 : 3;
    case Verdict::malicious: return 4;
  }
  return 3;
}

}  // namespace

const SandboxVerdict& graver(const SandboxVerdict& a, const SandboxVerdict& b) {
  return weight(b) > weight(a) ? b : a;
}

bool SandboxBundles::has(const std::string& whole) const {
  const std::lock_guard lock(mutex_);
  return bundles_.contains(whole);
}

bool SandboxBundles::open(Submission whole, Parts parts, SandboxVerdict so_far) {
  const std::lock_guard lock(mutex_);
  if (bundles_.size() >= most_ || bundles_.contains(whole.sha256)) return false;
  const std::string digest = whole.sha256;
  for (const auto& [part, where] : parts) wholes_[part].push_back(digest);
  bundles_.emplace(digest, Bundle{std::move(whole), std::move(parts), std::move(so_far)});
  return true;
}

std::vector<SandboxBundles::Decided> SandboxBundles::told(const std::string& part,
                                                          const SandboxVerdict& verdict) {
  const std::lock_guard lock(mutex_);
  std::vector<Decided> decided;
  const auto found = wholes_.extract(part);
  if (found.empty()) return decided;
  for (const std::string& whole : found.mapped()) {
    const auto at = bundles_.find(whole);
    if (at == bundles_.end()) continue;  // decided before by another part
    Bundle& bundle = at->second;
    SandboxVerdict said = verdict;
    const auto place = bundle.waiting.extract(part);
    if (!place.empty()) said.where = place.mapped();
    bundle.verdict = graver(bundle.verdict, said);
    if (!bundle.waiting.empty() && bundle.verdict.verdict != Verdict::malicious) continue;
    for (const auto& [other, where] : bundle.waiting) {
      const auto rest = wholes_.find(other);
      if (rest == wholes_.end()) continue;
      std::erase(rest->second, whole);
      if (rest->second.empty()) wholes_.erase(rest);
    }
    decided.push_back({std::move(bundle.whole), std::move(bundle.verdict)});
    bundles_.erase(at);
  }
  return decided;
}

}  // namespace weir
