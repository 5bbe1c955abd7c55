#include "inspect/wakeup.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>

namespace weir {

namespace asio = boost::asio;

struct Wakeup::State {
  std::mutex mutex;
  bool notified = false;
  asio::steady_timer* sleeping = nullptr;  // lives in the waiter's frame; its loop is alive with it

  bool is_notified() {
    const std::lock_guard lock(mutex);
    return notified;
  }
};

namespace {

// Clears the pointer to the timer before the timer goes, also when the frame is destroyed
// suspended.
template <class State>
class Asleep {
 public:
  Asleep(std::shared_ptr<State> state, asio::steady_timer& timer) : state_(std::move(state)) {
    const std::lock_guard lock(state_->mutex);
    state_->sleeping = &timer;
  }
  ~Asleep() {
    const std::lock_guard lock(state_->mutex);
    state_->sleeping = nullptr;
  }
  Asleep(const Asleep&) = delete;
  Asleep& operator=(const Asleep&) = delete;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace

Wakeup::Wakeup() : state_(std::make_shared<State>()) {}
Wakeup::~Wakeup() = default;

void Wakeup::notify() {
  const std::lock_guard lock(state_->mutex);
  state_->notified = true;
  if (state_->sleeping == nullptr) return;
  // Posted under the lock: while `sleeping` is set the loop exists. What is posted runs on the
  // waiter's thread, so after it has gone to sleep.
  asio::post(state_->sleeping->get_executor(), [state = state_] {
    const std::lock_guard inner(state->mutex);
    if (state->sleeping != nullptr) state->sleeping->cancel();
  });
}

Co<bool> Wakeup::wait(Duration limit) {
  const auto state = state_;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const auto now = std::chrono::steady_clock::now();
  const auto most = asio::steady_timer::time_point::max() - now;
  timer.expires_at(limit >= most ? asio::steady_timer::time_point::max() : now + limit);
  const Asleep<State> asleep(state, timer);
  while (!state->is_notified()) {
    auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!error) break;  // the time has passed
  }
  co_return state->is_notified();
}

Co<void> Wakeup::wait() { (void)co_await wait(Duration::max()); }

}  // namespace weir
