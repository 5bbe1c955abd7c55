#include "proxy/child.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cassert>
#include <chrono>
#include <exception>

#include "proxy/net/loop.h"
#include "proxy/net/signal.h"

namespace weir {

struct Child::State {
  explicit State(Loop& loop) : ended(loop) {}
  Signal ended;
  bool done = false;
  bool joined = false;
  Result<void> result;
};

Child::Child(Loop& loop, Co<Result<void>> work) : state_(std::make_shared<State>(loop)) {
  boost::asio::co_spawn(loop.context(), std::move(work),
                        [state = state_](std::exception_ptr failure, Result<void> result) {
                          state->result =
                              failure ? Result<void>(fail(Errc::internal, Fault::local,
                                                          "a child coroutine threw an exception"))
                                      : std::move(result);
                          state->done = true;
                          state->ended.notify();
                        });
}

Child::~Child() { assert(state_->done); }

bool Child::done() const { return state_->done; }

Co<Result<void>> Child::join() {
  while (!state_->done) (void)co_await state_->ended.wait(std::chrono::hours(24));
  state_->joined = true;
  co_return std::move(state_->result);
}

}  // namespace weir
