#include "proxy/net/signal.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proxy/net/deadline.h"
#include "proxy/net/loop.h"
#include "tests/support/run_loop.h"

namespace weir {
namespace {

using std::chrono::seconds;
using test::run;
using test::settle;
using test::spawn;

struct Scene {
  ManualClock clock;
  Loop loop{clock};
  Signal signal{loop};
  std::vector<std::string> told;
};

Co<void> wait_and_tell(Scene& scene, Duration limit) {
  auto woken = co_await scene.signal.wait(limit);
  scene.told.push_back(woken ? "woken" : std::string(errc_name(woken.error().code)));
}

TEST(SignalTest, NotifyBeforeWaitIsRememberedOnce) {
  Scene scene;
  scene.signal.notify();
  scene.signal.notify();
  spawn(scene.loop, wait_and_tell(scene, seconds(1)));
  settle(scene.loop);
  EXPECT_EQ(scene.told, std::vector<std::string>{"woken"});
  spawn(scene.loop, wait_and_tell(scene, seconds(1)));
  settle(scene.loop);
  EXPECT_EQ(scene.told.size(), 1U);
  EXPECT_TRUE(scene.signal.has_waiter());
}

TEST(SignalTest, ResumedFromTheQueueNeverInsideNotify) {
  Scene scene;
  spawn(scene.loop, wait_and_tell(scene, seconds(1)));
  settle(scene.loop);
  scene.signal.notify();
  EXPECT_FALSE(scene.signal.has_waiter());
  EXPECT_TRUE(scene.told.empty());
  settle(scene.loop);
  EXPECT_EQ(scene.told, std::vector<std::string>{"woken"});
  EXPECT_EQ(scene.loop.deadlines().armed(), 0U);
}

TEST(SignalTest, TimesOutOnTheLoopsClock) {
  Scene scene;
  spawn(scene.loop, wait_and_tell(scene, seconds(5)));
  settle(scene.loop);
  scene.clock.advance(seconds(4));
  scene.loop.deadlines().tick();
  settle(scene.loop);
  EXPECT_TRUE(scene.told.empty());
  scene.clock.advance(seconds(2));
  scene.loop.deadlines().tick();
  settle(scene.loop);
  EXPECT_EQ(scene.told, std::vector<std::string>{"timeout"});
}

TEST(SignalTest, NotifyAfterTheTimeoutIsForTheNextWait) {
  Scene scene;
  spawn(scene.loop, wait_and_tell(scene, seconds(5)));
  settle(scene.loop);
  scene.clock.advance(seconds(6));
  scene.loop.deadlines().tick();
  scene.signal.notify();
  settle(scene.loop);
  spawn(scene.loop, wait_and_tell(scene, seconds(5)));
  settle(scene.loop);
  EXPECT_EQ(scene.told, (std::vector<std::string>{"timeout", "woken"}));
}

TEST(SignalTest, MayBeDestroyedBetweenNotifyAndResumption) {
  ManualClock clock;
  Loop loop(clock);
  auto signal = std::make_unique<Signal>(loop);
  bool resumed = false;
  spawn(loop, [](Signal& waited, bool& flag) -> Co<void> {
    flag = (co_await waited.wait(seconds(1))).has_value();
  }(*signal, resumed));
  settle(loop);
  signal->notify();
  signal.reset();
  settle(loop);
  EXPECT_TRUE(resumed);
}

// The coroutine owns the signal it waits on: only the loop can break that circle.
TEST(SignalTest, LoopDropsWhatIsStillSuspended) {
  struct Tell {
    bool& gone;
    ~Tell() { gone = true; }
  };
  bool gone = false;
  ManualClock clock;
  {
    Loop loop(clock);
    spawn(loop, [](Loop& own, bool& flag) -> Co<void> {
      const Tell tell{flag};
      Signal mine(own);
      auto buffer = own.borrow();
      (void)co_await mine.wait(seconds(1));
    }(loop, gone));
    settle(loop);
    EXPECT_FALSE(gone);
  }
  EXPECT_TRUE(gone);
}

TEST(LoopTest, BuffersAreReused) {
  ManualClock clock;
  Loop loop(clock);
  auto buffer = loop.borrow();
  EXPECT_EQ(buffer.bytes().size(), Loop::kBufferBytes);
  const auto* block = buffer.bytes().data();
  buffer.release();
  EXPECT_FALSE(buffer);
  EXPECT_TRUE(buffer.bytes().empty());
  auto other = loop.borrow();
  EXPECT_EQ(other.bytes().data(), block);
  auto moved = std::move(other);
  EXPECT_EQ(moved.bytes().data(), block);
}

TEST(LoopTest, TimerTicksWhileSomethingIsArmed) {
  const SystemClock clock;
  Loop loop(clock);
  const auto woken = run(loop, [](Loop& own) -> Co<Result<void>> {
    Signal never(own);
    co_return co_await never.wait(std::chrono::milliseconds(60));
  }(loop));
  ASSERT_FALSE(woken);
  EXPECT_EQ(woken.error().code, Errc::timeout);
  EXPECT_EQ(loop.deadlines().armed(), 0U);
}

TEST(LoopTest, PostRunsOnTheLoopAndStopBeforeRunIsNotLost) {
  ManualClock clock;
  Loop loop(clock);
  bool ran = false;
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(ran);
  loop.stop();
  loop.run();
}

}  // namespace
}  // namespace weir
