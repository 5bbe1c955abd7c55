#include "core/event_id.h"

#include <algorithm>
#include <string_view>

namespace weir {
namespace {

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kLength = 26;
constexpr std::uint64_t kMostMillis = (std::uint64_t{1} << 48) - 1;

std::uint64_t millis_of(WallTime time) {
  const auto millis =
      std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
  return millis < 0 ? 0 : std::min(static_cast<std::uint64_t>(millis), kMostMillis);
}

}  // namespace

std::string EventIds::next() {
  const std::uint64_t now = millis_of(clock_.wall());
  if (now > millis_ || millis_ == 0) {
    millis_ = now;
    draw();
  } else {
    increment();
  }
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 6; ++i) {
    bytes[i] = static_cast<std::uint8_t>(millis_ >> (40 - 8 * i));
  }
  std::ranges::copy(low_, bytes.begin() + 6);
  // 128 bits in 26 characters of five: two zero bits come first.
  std::string id;
  id.reserve(kLength);
  std::uint32_t pending = 0;
  unsigned bits = 2;
  for (const std::uint8_t byte : bytes) {
    pending = (pending << 8 | byte) & 0xfff;  // at most four left over and eight new
    for (bits += 8; bits >= 5;) id += kCrockford[pending >> (bits -= 5) & 31];
  }
  return id;
}

// The top bit stays clear, so that 2^79 increments fit before a carry could be lost.
void EventIds::draw() {
  random_.fill(low_);
  low_[0] &= 0x7f;
}

void EventIds::increment() {
  for (std::size_t i = low_.size(); i-- > 0;) {
    if (++low_[i] != 0) return;
  }
}

}  // namespace weir
