#include "proxy/http/h2_tasks.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>

#include "proxy/net/loop.h"
#include "proxy/net/signal.h"

namespace weir {

struct H2Tasks::State {
  explicit State(Loop& owner) : loop(owner), ended(owner) {}
  Loop& loop;
  Signal ended;
  std::size_t running = 0;
};

H2Tasks::H2Tasks(Loop& loop) : state_(std::make_shared<State>(loop)) {}

void H2Tasks::spawn(Co<void> task) {
  ++state_->running;
  boost::asio::co_spawn(state_->loop.context(), std::move(task),
                        [state = state_](const std::exception_ptr&) {
                          if (--state->running == 0) state->ended.notify();
                        });
}

Co<void> H2Tasks::join() {
  const auto state = state_;
  while (state->running > 0) (void)co_await state->ended.wait(std::chrono::hours(1));
}

std::size_t H2Tasks::running() const { return state_->running; }

}  // namespace weir
