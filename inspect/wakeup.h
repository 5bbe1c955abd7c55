// Wakes one coroutine from any thread, once: the only way that work done on another thread gets
// back to the loop that asked for it. Shared by the two sides. The waiter may vanish with its loop
// at any time; then notify() does nothing.
#pragma once

#include <memory>

#include "core/clock.h"
#include "core/co.h"

namespace weir {

class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  void notify();  // any thread, idempotent
  // True once notified, at once if that was before; false when `limit` has passed. One waiter at a
  // time, on a loop that one thread runs.
  Co<bool> wait(Duration limit);
  Co<void> wait();  // for what is certain to come

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir
