// Event ids: ULIDs, 26 characters of Crockford's base32, 48 bits of milliseconds and 80 of
// randomness. Ids of one maker ascend, also within a millisecond and when the clock steps back.
// One maker per loop; loop thread only.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/random.h"

namespace weir {

class EventIds {
 public:
  EventIds(const Clock& clock, Random& random) : clock_(clock), random_(random) {}
  std::string next();
  Random& random() { return random_; }

 private:
  void draw();
  void increment();

  const Clock& clock_;
  Random& random_;
  std::uint64_t millis_ = 0;
  std::array<std::uint8_t, 10> low_{};  // big-endian
};

}  // namespace weir
