#include "proxy/api/failures.h"

namespace weir {

bool ApiFailures::count(const std::string& address) {
  const SteadyTime now = clock_.steady();
  if (now - since_ >= std::chrono::minutes(1) || counts_.size() >= kMostAddresses) {
    counts_.clear();
    since_ = now;
  }
  return ++counts_[address] <= most_;
}

}  // namespace weir
