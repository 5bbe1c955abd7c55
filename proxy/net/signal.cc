#include "proxy/net/signal.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "proxy/net/deadline.h"
#include "proxy/net/loop.h"

namespace weir {
namespace {

enum class Wake : std::uint8_t { notified, timeout };

// What use_awaitable makes of a waiting coroutine. Kept by value: no allocation per wait.
using Waiter = boost::asio::async_result<boost::asio::use_awaitable_t<>, void(Wake)>::handler_type;

}  // namespace

struct Signal::State final : Suspender {
  explicit State(Loop& owner)
      : Suspender(owner),
        loop(owner),
        deadline(owner.deadlines(), [this] { wake(Wake::timeout); }) {}

  void wake(Wake why) {
    deadline.disarm();
    boost::asio::post(loop.context(), [parked = *std::exchange(waiter, std::nullopt),
                                       why]() mutable { parked(why); });
  }

  void drop() override {
    deadline.disarm();
    waiter.reset();
  }

  Loop& loop;
  Deadline deadline;
  std::optional<Waiter> waiter;
  bool notified = false;
};

Signal::Signal(Loop& loop) : state_(std::make_unique<State>(loop)) {}
Signal::~Signal() = default;

void Signal::notify() {
  if (state_->waiter) return state_->wake(Wake::notified);
  state_->notified = true;
}

bool Signal::has_waiter() const { return state_->waiter.has_value(); }

// Nothing here touches the signal after the coroutine resumes: it may be gone by then.
Co<Result<void>> Signal::wait(Duration limit) {
  if (std::exchange(state_->notified, false)) co_return Result<void>{};
  const Wake why =
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Wake)>(
          [this, limit](auto handler) {
            state_->waiter.emplace(std::move(handler));
            state_->deadline.arm(limit);
          },
          boost::asio::use_awaitable);
  if (why == Wake::timeout) co_return fail(Errc::timeout, Fault::local, "wait: deadline passed");
  co_return Result<void>{};
}

}  // namespace weir
