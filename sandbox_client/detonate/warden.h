// Ends a run: at its deadline, when it eats too much memory, or some time after the sample's first
// process has gone and others linger. In the cell's first process, on a thread of its own; kills
// all other processes of the namespace.
#pragma once

#include <atomic>
#include <chrono>

#include "core/clock.h"
#include "sandbox_client/detonate/behaviour.h"

namespace weir {

class Warden {
 public:
  Warden(Behaviour& behaviour, const Clock& clock, std::chrono::milliseconds limit)
      : behaviour_(behaviour), clock_(clock), limit_(limit), start_(clock.steady()) {}

  void run();  // until stop()
  void stop() { done_ = true; }
  void first_ended() { first_end_ms_ = elapsed().count(); }
  std::chrono::milliseconds elapsed() const;

 private:
  bool time_is_up();
  bool memory_is_up();

  Behaviour& behaviour_;
  const Clock& clock_;
  std::chrono::milliseconds limit_;
  SteadyTime start_;
  std::atomic<bool> done_ = false;
  std::atomic<std::int64_t> first_end_ms_ = -1;
};

}  // namespace weir
