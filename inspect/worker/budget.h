// What one job may still use: time, entries, unpacked bytes, and how far those may exceed the size
// of the outermost file. Shared by everything that looks at the job; once a bound is passed it
// stays passed, and everybody stops. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "core/clock.h"
#include "core/finding.h"
#include "inspect/scan_wire.h"

namespace weir {

// Below this, a high ratio is only a well packed small file.
inline constexpr std::uint64_t kRatioFloorBytes = 16ULL << 20;

class Budget {
 public:
  Budget(const ScanLimits& limits, std::uint64_t outer_bytes, const Clock& clock)
      : limits_(limits),
        outer_bytes_(std::max<std::uint64_t>(outer_bytes, 1)),
        clock_(clock),
        end_(clock.steady() + limits.time) {}

  const ScanLimits& limits() const { return limits_; }
  // The first bound that was passed; none while work may go on.
  Reason passed() const { return passed_; }
  bool spent() const { return passed_ != Reason::none; }

  bool on_time() { return clock_.steady() < end_ || stop(Reason::timeout); }
  std::chrono::milliseconds time_left() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - clock_.steady());
    return std::max(left, std::chrono::milliseconds(1));
  }
  bool take_entry() { return ++entries_ <= limits_.entries || stop(Reason::too_many); }
  bool take_bytes(std::uint64_t bytes) {
    unpacked_ += bytes;
    if (unpacked_ > limits_.total_bytes) return stop(Reason::too_large);
    const bool floor_passed = unpacked_ > kRatioFloorBytes;
    if (floor_passed && unpacked_ / outer_bytes_ >= limits_.ratio) return stop(Reason::ratio);
    return true;
  }
  bool stop(Reason reason) {
    if (passed_ == Reason::none) passed_ = reason;
    return false;
  }

 private:
  ScanLimits limits_;
  std::uint64_t outer_bytes_;
  const Clock& clock_;
  SteadyTime end_;
  std::uint64_t entries_ = 0, unpacked_ = 0;
  Reason passed_ = Reason::none;
};

}  // namespace weir
