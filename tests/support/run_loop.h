// Runs coroutines to their end on a loop, on the calling thread. What a coroutine throws fails the
// caller. The loop's deadlines need its clock to move: with a manual clock, post() an advance.
#pragma once

#include <optional>
#include <utility>

#include "core/co.h"
#include "proxy/net/loop.h"

namespace weir::test {

// Starts a coroutine that runs whenever the loop does; it may outlive its starter but not the loop.
void spawn(Loop& loop, Co<void> work);

void run(Loop& loop, Co<void> work);

template <class T>
Co<void> keep_result(Co<T> work, std::optional<T>* into) {
  into->emplace(co_await std::move(work));
}

template <class T>
T run(Loop& loop, Co<T> work) {
  std::optional<T> result;
  run(loop, keep_result(std::move(work), &result));
  return std::move(result.value());
}

// Lets everything run that can run without waiting for time or another party.
void settle(Loop& loop);

}  // namespace weir::test
