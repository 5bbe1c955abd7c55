#include "inspect/wakeup.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>

#include "core/fd.h"

namespace weir {

namespace asio = boost::asio;

// The notifier touches nothing but this: posting to a loop that is just being destroyed is a race
// that no lock of ours can keep out.
struct Wakeup::State {
  std::mutex mutex;
  bool notified = false;
  UniqueFd event;  // an eventfd, once somebody waits

  bool is_notified() {
    const std::lock_guard lock(mutex);
    return notified;
  }

  // A descriptor that becomes readable with notify(); empty when there are none left.
  UniqueFd watched() {
    const std::lock_guard lock(mutex);
    if (!event) event.reset(::eventfd(notified ? 1 : 0, EFD_CLOEXEC | EFD_NONBLOCK));
    return UniqueFd(event ? ::fcntl(event.get(), F_DUPFD_CLOEXEC, 0) : -1);
  }
};

Wakeup::Wakeup() : state_(std::make_shared<State>()) {}
Wakeup::~Wakeup() = default;

void Wakeup::notify() {
  const std::lock_guard lock(state_->mutex);
  state_->notified = true;
  if (state_->event) (void)::eventfd_write(state_->event.get(), 1);
}

Co<bool> Wakeup::wait(Duration limit) {
  const auto state = state_;
  if (state->is_notified()) co_return true;
  const auto executor = co_await asio::this_coro::executor;
  // Shared with the handler below, which may run after this frame has gone.
  const auto timer = std::make_shared<asio::steady_timer>(executor);
  const auto now = std::chrono::steady_clock::now();
  const auto most = asio::steady_timer::time_point::max() - now;
  timer->expires_at(limit >= most ? asio::steady_timer::time_point::max() : now + limit);
  UniqueFd watched = state->watched();
  // Without a descriptor left, look again and again; better than never to wake.
  const bool polling = !watched;
  asio::posix::stream_descriptor event(executor);
  if (!polling) {
    event.assign(watched.release());
    event.async_wait(asio::posix::descriptor_base::wait_read,
                     [timer](boost::system::error_code) { timer->cancel(); });
  }
  const auto deadline = timer->expiry();
  while (!state->is_notified()) {
    constexpr auto kPoll = std::chrono::milliseconds(10);
    if (polling) {
      timer->expires_at(std::min(deadline, std::chrono::steady_clock::now() + kPoll));
    }
    auto [error] = co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
    if (!error && std::chrono::steady_clock::now() >= deadline) break;  // the time has passed
  }
  co_return state->is_notified();
}

Co<void> Wakeup::wait() { (void)co_await wait(Duration::max()); }

}  // namespace weir
