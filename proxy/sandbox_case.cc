#include "proxy/sandbox_case.h"

namespace weir {

std::optional<SandboxVerdict> SandboxCase::verdict() const {
  const std::lock_guard lock(mutex_);
  return verdict_;
}

Co<bool> SandboxCase::wait(std::shared_ptr<Wakeup> wakeup, Duration most) {
  {
    const std::lock_guard lock(mutex_);
    if (verdict_) co_return true;
    std::erase_if(waiting_, [](const auto& one) { return one.expired(); });
    waiting_.push_back(wakeup);
  }
  (void)co_await wakeup->wait(most);
  co_return verdict().has_value();
}

void SandboxCase::conclude(SandboxVerdict verdict) {
  std::vector<std::weak_ptr<Wakeup>> waiting;
  {
    const std::lock_guard lock(mutex_);
    verdict_ = std::move(verdict);
    waiting.swap(waiting_);
  }
  for (const auto& one : waiting) {
    if (const auto wakeup = one.lock()) wakeup->notify();
  }
}

std::shared_ptr<SandboxCase> SandboxCases::find_or_make(const Submission& submission) {
  const std::lock_guard lock(mutex_);
  if (cases_.size() >= most_) {
    std::erase_if(cases_, [](const auto& one) { return one.second.expired(); });
  }
  auto& place = cases_[submission.sha256];
  auto found = place.lock();
  if (!found) {
    const auto took = usual_.find(submission.type);
    found = std::make_shared<SandboxCase>(clock_.steady(),
                                          took == usual_.end() ? Duration{} : took->second);
    place = found;
  }
  return found;
}

std::shared_ptr<SandboxCase> SandboxCases::close(const Submission& submission, bool told) {
  const std::lock_guard lock(mutex_);
  const auto at = cases_.find(submission.sha256);
  if (at == cases_.end()) return nullptr;
  const auto waited = at->second.lock();
  cases_.erase(at);
  if (waited && told) {
    Duration& often = usual_[submission.type];
    const Duration took = clock_.steady() - waited->since();
    often = often == Duration{} ? took : (often * 7 + took) / 8;
  }
  return waited;
}

}  // namespace weir
