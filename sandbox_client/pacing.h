// How often an engine is asked, and when it is left alone: a token bucket, back-off with jitter,
// and a circuit breaker. Sans-io: the caller says what time it is. One owner, one thread.
#pragma once

#include <cstdint>
#include <optional>

#include "core/clock.h"
#include "core/random.h"

namespace weir {

struct RateLimit {
  unsigned per_minute = 0;  // 0 = no limit
  unsigned burst = 1;       // tokens that can lie ready
};

class TokenBucket {
 public:
  TokenBucket(RateLimit limit, SteadyTime now) : limit_(limit), full_at_(now) {}

  // How long until a token is there; zero if one is.
  Duration wait(SteadyTime now) const;
  void take(SteadyTime now);  // also before wait() is zero: the next ones wait longer

  // The engine said "not before" (429, Retry-After).
  void pause_until(SteadyTime then);

 private:
  Duration interval() const;

  RateLimit limit_;
  SteadyTime full_at_;  // when all tokens are back
  SteadyTime paused_until_{};
};

struct Backoff {
  Duration first = std::chrono::seconds(5);
  Duration most = std::chrono::minutes(10);
};

// The pause after `failures` in a row (1 = the first): doubles up to `most`, then between half and
// all of it, so that submissions that failed together do not come back together.
Duration backoff_pause(const Backoff& backoff, unsigned failures, Random& random);

struct BreakerLimits {
  unsigned failures = 5;                           // in a row, until the engine is left alone
  Duration pause = std::chrono::seconds(60);       // after which one call is let through
  Duration most_pause = std::chrono::minutes(10);  // the pause doubles while that call fails
};

class CircuitBreaker {
 public:
  enum class State : std::uint8_t { closed, open, trial };

  explicit CircuitBreaker(BreakerLimits limits) : limits_(limits) {}

  State state(SteadyTime now) const;
  bool lets_through(SteadyTime now) const { return state(now) != State::open; }
  SteadyTime trial_at() const { return until_; }  // of an open one
  void succeeded();
  void failed(SteadyTime now);

 private:
  BreakerLimits limits_;
  unsigned failures_ = 0;
  Duration pause_{};  // of the last opening; zero while closed
  SteadyTime until_{};
};

}  // namespace weir
