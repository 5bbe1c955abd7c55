#include "proxy/net/deadline.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace weir {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Wheel {
  ManualClock clock;
  DeadlineQueue queue{clock};
  // Like the loop's timer: one tick after the other.
  void pass(Duration by) {
    for (Duration gone{0}; gone < by; gone += DeadlineQueue::kTick) {
      clock.advance(DeadlineQueue::kTick);
      queue.tick();
    }
  }
};

TEST(DeadlineTest, FiresOnceNeverEarlyAndAtMostOneTickLate) {
  for (const Duration after :
       {Duration(0), Duration(milliseconds(1)), Duration(milliseconds(50)),
        Duration(milliseconds(51)), Duration(seconds(10)), Duration(milliseconds(51'200)),
        Duration(milliseconds(51'250)), Duration(seconds(120)), Duration(hours(1))}) {
    Wheel wheel;
    wheel.clock.advance(milliseconds(13));  // not on a tick boundary
    wheel.queue.tick();
    int fired = 0;
    SteadyTime when;
    Deadline deadline(wheel.queue, [&] { ++fired, when = wheel.clock.steady(); });
    const SteadyTime due = wheel.clock.steady() + after;
    deadline.arm(after);
    EXPECT_EQ(wheel.queue.armed(), 1U);
    wheel.pass(after + seconds(200));
    EXPECT_EQ(fired, 1) << after.count();
    EXPECT_GE(when, due) << after.count();
    EXPECT_LE(when, due + 2 * DeadlineQueue::kTick) << after.count();
    EXPECT_EQ(wheel.queue.armed(), 0U);
  }
}

TEST(DeadlineTest, RearmingReplacesAndDisarmingForgets) {
  Wheel wheel;
  int fired = 0;
  Deadline deadline(wheel.queue, [&] { ++fired; });
  deadline.arm(seconds(1));
  wheel.pass(milliseconds(900));
  deadline.arm(seconds(1));
  wheel.pass(milliseconds(900));
  EXPECT_EQ(fired, 0);
  deadline.disarm();
  EXPECT_FALSE(deadline.armed());
  wheel.pass(seconds(300));
  EXPECT_EQ(fired, 0);
  deadline.arm(Duration::max());
  EXPECT_TRUE(deadline.armed());
  wheel.pass(seconds(300));
  EXPECT_EQ(fired, 0);
}

TEST(DeadlineTest, CallbackMayDestroyDisarmAndRearmOthersOfItsSlot) {
  Wheel wheel;
  std::vector<std::string> fired;
  std::unique_ptr<Deadline> doomed;
  Deadline again(wheel.queue, [&] { fired.push_back("again"); });
  Deadline killer(wheel.queue, [&] {
    fired.push_back("killer");
    doomed.reset();
    again.arm(milliseconds(10));
  });
  doomed = std::make_unique<Deadline>(wheel.queue, [&] { fired.push_back("doomed"); });
  // The wheel is last in, first out within a slot, and collecting turns it round.
  killer.arm(milliseconds(10));
  again.arm(milliseconds(10));
  doomed->arm(milliseconds(10));
  wheel.clock.advance(milliseconds(50));
  wheel.queue.tick();
  EXPECT_EQ(wheel.queue.armed(), again.armed() ? 1U : 0U);
  wheel.pass(milliseconds(100));
  EXPECT_EQ(std::count(fired.begin(), fired.end(), "killer"), 1);
  EXPECT_EQ(wheel.queue.armed(), 0U);
  EXPECT_EQ(fired.back(), "again");
}

TEST(DeadlineTest, OneTickAfterALongPauseFiresAllThatIsDue) {
  Wheel wheel;
  int fired = 0;
  std::vector<std::unique_ptr<Deadline>> many;
  for (int i = 0; i < 3000; ++i) {
    many.push_back(std::make_unique<Deadline>(wheel.queue, [&] { ++fired; }));
    many.back()->arm(milliseconds(7 * i));
  }
  EXPECT_EQ(wheel.queue.armed(), 3000U);
  wheel.clock.advance(milliseconds(7 * 1500));
  wheel.queue.tick();
  EXPECT_NEAR(fired, 1501, 8);
  wheel.clock.advance(hours(30));
  wheel.queue.tick();
  EXPECT_EQ(fired, 3000);
}

TEST(DeadlineTest, QueueTellsWhenItStopsBeingEmpty) {
  Wheel wheel;
  int woken = 0;
  wheel.queue.on_first_armed([&] { ++woken; });
  Deadline one(wheel.queue, [] {});
  Deadline two(wheel.queue, [] {});
  one.arm(seconds(1));
  two.arm(seconds(1));
  EXPECT_EQ(woken, 1);
  wheel.pass(seconds(2));
  two.arm(seconds(1));
  EXPECT_EQ(woken, 2);
}

}  // namespace
}  // namespace weir
