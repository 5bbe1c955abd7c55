// How many wrong tokens an address has sent in this minute. A fixed number of addresses is
// remembered; when there are more, all of them begin anew. Loop thread only.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "core/clock.h"

namespace weir {

class ApiFailures {
 public:
  static constexpr std::size_t kMostAddresses = 10'000;

  ApiFailures(const Clock& clock, std::uint32_t most) : clock_(clock), most_(most) {}

  // Counts one more. False: that is too many.
  bool count(const std::string& address);

 private:
  const Clock& clock_;
  const std::uint32_t most_;
  SteadyTime since_{};
  std::unordered_map<std::string, std::uint32_t> counts_;
};

}  // namespace weir
