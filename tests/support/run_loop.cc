#include "tests/support/run_loop.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <utility>

namespace weir::test {

void spawn(Loop& loop, Co<void> work) {
  boost::asio::co_spawn(loop.context(), std::move(work), [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
}

void run(Loop& loop, Co<void> work) {
  boost::asio::co_spawn(loop.context(), std::move(work), [&loop](std::exception_ptr thrown) {
    loop.stop();
    if (thrown) std::rethrow_exception(thrown);
  });
  loop.run();
}

void settle(Loop& loop) {
  while (loop.context().poll() > 0) {
  }
  loop.context().restart();
}

}  // namespace weir::test
