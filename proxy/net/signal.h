// Wakes one coroutine of the same loop. notify() before wait() is remembered (once), so no wake-up
// is lost. Loop thread only; at most one waiter. The resumed coroutine runs from the loop's queue,
// never inside notify().
#pragma once

#include <memory>

#include "core/clock.h"
#include "core/co.h"
#include "core/result.h"

namespace weir {

class Loop;

class Signal {
 public:
  explicit Signal(Loop& loop);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void notify();
  // Errc::timeout after `limit`.
  Co<Result<void>> wait(Duration limit);
  bool has_waiter() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir
