#include "proxy/seats.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "proxy/net/loop.h"
#include "tests/support/run_loop.h"

namespace weir {
namespace {

using test::settle;
using test::spawn;

constexpr Duration kLong = std::chrono::hours(1);

struct Scene {
  explicit Scene(std::size_t most) : seats(std::make_shared<Seats>(most)) {}
  ManualClock clock;
  Loop loop{clock};
  std::shared_ptr<Seats> seats;
  std::string served;
  std::vector<Seat> taken;
};

// As the pool does: in the queue until it is served.
Co<void> queue_up(Scene& scene, char name) {
  Signal turn(scene.loop);
  const PlaceInQueue queued(scene.seats, turn);
  while (scene.seats->full()) (void)co_await turn.wait(kLong);
  scene.taken.emplace_back(scene.seats);
  scene.served += name;
}

TEST(SeatsTest, AreServedInOrderOfArrival) {
  Scene scene(1);
  std::optional<Seat> held(scene.seats);
  for (const char name : {'a', 'b', 'c'}) spawn(scene.loop, queue_up(scene, name));
  settle(scene.loop);
  EXPECT_EQ(scene.served, "");
  held.reset();
  settle(scene.loop);
  EXPECT_EQ(scene.served, "a");
  for (const char* want : {"ab", "abc"}) {
    scene.taken.pop_back();
    settle(scene.loop);
    EXPECT_EQ(scene.served, want);
  }
  EXPECT_FALSE(scene.seats->awaited());
  EXPECT_EQ(scene.seats->taken(), 1U);
}

TEST(SeatsTest, SeveralThatComeFreeAtOnceServeAsMany) {
  Scene scene(2);
  std::optional<Seat> first(scene.seats), second(scene.seats);
  for (const char name : {'a', 'b', 'c'}) spawn(scene.loop, queue_up(scene, name));
  settle(scene.loop);
  first.reset();
  second.reset();
  settle(scene.loop);
  EXPECT_EQ(scene.served, "ab");
}

TEST(SeatsTest, WhoLeavesPassesItsTurnOn) {
  Scene scene(1);
  std::optional<Seat> held(scene.seats);
  auto impatient = std::make_optional<Signal>(scene.loop);
  auto queued = std::make_optional<PlaceInQueue>(scene.seats, *impatient);
  spawn(scene.loop, queue_up(scene, 'b'));
  settle(scene.loop);
  held.reset();  // wakes the one that is about to leave
  queued.reset();
  settle(scene.loop);
  EXPECT_EQ(scene.served, "b");
}

TEST(SeatsTest, AMovedSeatIsGivenBackOnce) {
  Scene scene(2);
  Seat first(scene.seats);
  Seat second(std::move(first));
  EXPECT_EQ(scene.seats->taken(), 1U);
  first = Seat(scene.seats);
  second = std::move(first);
  first = Seat();
  second = Seat();
  EXPECT_EQ(scene.seats->taken(), 0U);
}

}  // namespace
}  // namespace weir
