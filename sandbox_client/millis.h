// Wall time as the databases keep it: milliseconds since 1970, UTC. Plain values, any thread.
#pragma once

#include <cstdint>

#include "core/clock.h"

namespace weir {

using Millis = std::chrono::milliseconds;

inline std::int64_t to_millis(WallTime time) {
  return std::chrono::duration_cast<Millis>(time.time_since_epoch()).count();
}

inline WallTime from_millis(std::int64_t millis) { return WallTime(Millis(millis)); }

}  // namespace weir
