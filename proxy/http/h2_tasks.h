// Child coroutines of one parent, which waits for all of them before it ends. Loop thread only.
#pragma once

#include <memory>

#include "core/co.h"

namespace weir {

class Loop;

class H2Tasks {
 public:
  explicit H2Tasks(Loop& loop);

  // Runs `task` until its first suspension now, the rest from the loop. What it throws is dropped:
  // its own root reports.
  void spawn(Co<void> task);
  Co<void> join();
  std::size_t running() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // also held by each child, so that the order of ends is free
};

}  // namespace weir
