#include "core/event_id.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace weir {
namespace {

class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::uint8_t byte) : byte_(byte) {}
  void fill(MutableBytes out) override { std::ranges::fill(out, byte_); }

 private:
  std::uint8_t byte_;
};

TEST(EventIds, MatchesTheSpecificationsExample) {
  ManualClock clock;
  clock.set_wall(WallTime(std::chrono::milliseconds(1469918176385)));
  FixedRandom random(0);
  EventIds ids(clock, random);
  EXPECT_EQ(ids.next(), "01ARYZ6S410000000000000000");
  EXPECT_EQ(ids.next(), "01ARYZ6S410000000000000001");
}

TEST(EventIds, CarriesWithinAMillisecond) {
  const ManualClock clock;
  FixedRandom random(0xff);
  EventIds ids(clock, random);
  const std::string first = ids.next();
  EXPECT_TRUE(first.ends_with("FZZZZZZZZZZZZZZZ")) << first;  // the top bit is kept for carries
  EXPECT_TRUE(ids.next().ends_with("G000000000000000"));
}

TEST(EventIds, AscendsWhateverTheClockDoes) {
  ManualClock clock;
  SystemRandom random;
  EventIds ids(clock, random);
  std::string last = ids.next();
  for (int i = 0; i < 300; ++i) {
    const auto step = std::chrono::milliseconds(i % 3 == 0 ? -5 : i % 3);
    clock.set_wall(clock.wall() + step);
    const std::string next = ids.next();
    EXPECT_GT(next, last);
    last = next;
  }
}

TEST(EventIds, HasOnlyCrockfordCharacters) {
  const ManualClock clock;
  SystemRandom random;
  EventIds ids(clock, random);
  const std::string id = ids.next();
  EXPECT_EQ(id.size(), 26u);
  EXPECT_EQ(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), std::string::npos);
}

TEST(EventIds, TwoMakersDiffer) {
  const ManualClock clock;
  SystemRandom random;
  EventIds a(clock, random);
  EventIds b(clock, random);
  EXPECT_NE(a.next(), b.next());
}

}  // namespace
}  // namespace weir
