// Stopping threads that wait, and waiting for one's turn to ask an engine. Any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "core/clock.h"
#include "core/result.h"
#include "sandbox_client/pacing.h"

namespace weir {

// Sleeping through an interface, so that tests only move a clock.
class Sleeper {
 public:
  virtual ~Sleeper() = default;
  virtual bool sleep(Duration duration) = 0;  // false: it is time to stop
};

class StopSignal final : public Sleeper {
 public:
  void request() {
    {
      const std::scoped_lock lock(mutex_);
      requested_ = true;
    }
    changed_.notify_all();
  }
  bool sleep(Duration duration) override {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, duration, [this] { return requested_.load(); });
  }
  const std::atomic<bool>& requested() const { return requested_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> requested_ = false;
};

// One thread. `clock` and `sleeper` outlive it.
class RequestPace {
 public:
  RequestPace(RateLimit limit, const Clock& clock, Sleeper& sleeper)
      : bucket_(limit, clock.steady()), clock_(clock), sleeper_(sleeper) {}

  // Waits until a request may go. cancelled: it is time to stop.
  Result<> turn() {
    for (;;) {
      const Duration wait = bucket_.wait(clock_.steady());
      if (wait <= Duration::zero()) break;
      if (!sleeper_.sleep(wait)) {
        return fail(Errc::cancelled, Fault::local, "stopped while waiting for its turn", true);
      }
    }
    bucket_.take(clock_.steady());
    return {};
  }

  void not_before(Duration from_now) { bucket_.pause_until(clock_.steady() + from_now); }

 private:
  TokenBucket bucket_;
  const Clock& clock_;
  Sleeper& sleeper_;
};

}  // namespace weir
