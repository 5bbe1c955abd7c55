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

}  // namespace weir
