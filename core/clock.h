// Time through a narrow interface, so that tests are exact and nothing sleeps.
// steady() is for deadlines and durations, wall() for events, certificates and time-of-day rules.
#pragma once

#include <chrono>

namespace weir {

using Duration = std::chrono::nanoseconds;
using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime steady() const = 0;
  virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
};

// Moves only when told. Not thread-safe: for tests that own their loop.
class ManualClock final : public Clock {
 public:
  SteadyTime steady() const override { return steady_; }
  WallTime wall() const override { return wall_; }
  void advance(Duration by) {
    steady_ += by;
    wall_ += std::chrono::duration_cast<WallTime::duration>(by);
  }
  void set_wall(WallTime now) { wall_ = now; }

 private:
  SteadyTime steady_{std::chrono::seconds(1)};
  WallTime wall_{std::chrono::seconds(1'800'000'000)};
};

}  // namespace weir
