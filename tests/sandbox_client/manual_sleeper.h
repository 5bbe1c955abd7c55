// Sleeping that only moves a clock. For tests, one thread.
#pragma once

#include "sandbox_client/request_pace.h"

namespace weir {

class ManualSleeper final : public Sleeper {
 public:
  explicit ManualSleeper(ManualClock& clock) : clock_(clock) {}
  bool sleep(Duration duration) override {
    slept_ += duration;
    clock_.advance(duration);
    return true;
  }
  Duration slept() const { return slept_; }

 private:
  ManualClock& clock_;
  Duration slept_{};
};

}  // namespace weir
