#include "inspect/wakeup.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/inspect/run_co.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
using test::run_co;

TEST(Wakeup, NotifiedBeforeIsAtOnce) {
  Wakeup wakeup;
  wakeup.notify();
  wakeup.notify();
  EXPECT_TRUE(run_co(wakeup.wait(24h)));
  EXPECT_TRUE(run_co(wakeup.wait(0ns)));
}

TEST(Wakeup, TimePasses) {
  Wakeup wakeup;
  EXPECT_FALSE(run_co(wakeup.wait(1ms)));
  EXPECT_FALSE(run_co(wakeup.wait(-1ms)));
  wakeup.notify();
  EXPECT_TRUE(run_co(wakeup.wait(1ms)));
}

TEST(Wakeup, OtherThreadsWake) {
  for (int i = 0; i < 300; ++i) {
    Wakeup wakeup;
    std::jthread other([&] { wakeup.notify(); });
    EXPECT_TRUE(run_co(wakeup.wait(Duration::max())));
  }
}

// The waiter's loop goes at any moment while another thread notifies.
TEST(Wakeup, WaiterMayVanish) {
  for (int i = 0; i < 300; ++i) {
    Wakeup wakeup;
    std::jthread other([&] { wakeup.notify(); });
    boost::asio::io_context loop(1);
    boost::asio::co_spawn(loop, wakeup.wait(24h), [](std::exception_ptr, bool) {});
    loop.poll_one();
  }
}

}  // namespace
}  // namespace weir
