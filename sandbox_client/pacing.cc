#include "sandbox_client/pacing.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace weir {

Duration TokenBucket::interval() const {
  return Duration(std::chrono::minutes(1)) / limit_.per_minute;
}

Duration TokenBucket::wait(SteadyTime now) const {
  const Duration paused = paused_until_ > now ? paused_until_ - now : Duration::zero();
  if (limit_.per_minute == 0) return paused;
  // With `burst` tokens the bucket is full; each taken one puts the full time an interval off.
  const SteadyTime next = full_at_ - interval() * (std::max(limit_.burst, 1u) - 1);
  return std::max(paused, next > now ? next - now : Duration::zero());
}

void TokenBucket::take(SteadyTime now) {
  if (limit_.per_minute != 0) full_at_ = std::max(full_at_, now) + interval();
}

void TokenBucket::pause_until(SteadyTime then) { paused_until_ = std::max(paused_until_, then); }

Duration backoff_pause(const Backoff& backoff, unsigned failures, Random& random) {
  Duration pause = std::min(backoff.first, backoff.most);
  for (unsigned i = 1; i < failures && pause < backoff.most; ++i) {
    pause = pause > backoff.most / 2 ? backoff.most : pause * 2;
  }
  std::array<std::uint8_t, 4> bytes{};
  random.fill(bytes);
  std::uint32_t drawn = 0;
  std::memcpy(&drawn, bytes.data(), sizeof drawn);
  const double share = 0.5 + 0.5 * (static_cast<double>(drawn) / 4294967296.0);
  return Duration(static_cast<Duration::rep>(static_cast<double>(pause.count()) * share));
}

CircuitBreaker::State CircuitBreaker::state(SteadyTime now) const {
  if (pause_ == Duration::zero()) return State::closed;
  return now < until_ ? State::open : State::trial;
}

void CircuitBreaker::succeeded() {
  failures_ = 0;
  pause_ = Duration::zero();
}

void CircuitBreaker::failed(SteadyTime now) {
  if (state(now) == State::open) return;  // a call that began before it opened
  ++failures_;
  if (pause_ > Duration::zero()) {
    pause_ = std::min(pause_ * 2, limits_.most_pause);
  } else if (failures_ >= limits_.failures) {
    pause_ = limits_.pause;
  }
  until_ = now + pause_;
}

}  // namespace weir
