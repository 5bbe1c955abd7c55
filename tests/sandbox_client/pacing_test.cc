#include "sandbox_client/pacing.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace weir {
namespace {

using namespace std::chrono_literals;

class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::uint8_t byte) : byte_(byte) {}
  void fill(MutableBytes out) override { std::ranges::fill(out, byte_); }

 private:
  std::uint8_t byte_;
};

TEST(TokenBucket, FiveAMinuteIsOneEveryTwelveSeconds) {
  SteadyTime now(1h);
  TokenBucket bucket({5, 1}, now);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bucket.wait(now), 0s);
    bucket.take(now);
    EXPECT_EQ(bucket.wait(now), 12s);
    EXPECT_EQ(bucket.wait(now + 11s), 1s);
    now += 12s;
  }
}

TEST(TokenBucket, ABurstIsPaidBack) {
  const SteadyTime now(1h);
  TokenBucket bucket({60, 3}, now);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bucket.wait(now), 0s) << i;
    bucket.take(now);
  }
  EXPECT_EQ(bucket.wait(now), 1s);
  // Never more than the burst, however long nothing was asked.
  const SteadyTime later = now + 1h;
  for (int i = 0; i < 3; ++i) bucket.take(later);
  EXPECT_EQ(bucket.wait(later), 1s);
}

TEST(TokenBucket, WithoutALimitOnlyAPauseHolds) {
  const SteadyTime now(1h);
  TokenBucket bucket({0, 1}, now);
  for (int i = 0; i < 100; ++i) bucket.take(now);
  EXPECT_EQ(bucket.wait(now), 0s);
  bucket.pause_until(now + 30s);
  bucket.pause_until(now + 10s);  // never shortens
  EXPECT_EQ(bucket.wait(now), 30s);
  EXPECT_EQ(bucket.wait(now + 30s), 0s);
}

TEST(Backoff, DoublesUpToTheMostWithJitterBelow) {
  FixedRandom least(0), most(0xff);
  const Backoff backoff{4s, 60s};
  const struct {
    unsigned failures;
    Duration want;
  } cases[] = {{0, 4s}, {1, 4s}, {2, 8s}, {3, 16s}, {4, 32s}, {5, 60s}, {6, 60s}, {4000000, 60s}};
  for (const auto& one : cases) {
    EXPECT_EQ(backoff_pause(backoff, one.failures, least), one.want / 2) << one.failures;
    const Duration longest = backoff_pause(backoff, one.failures, most);
    EXPECT_GT(longest, one.want * 99 / 100) << one.failures;
    EXPECT_LE(longest, one.want) << one.failures;
  }
}

TEST(CircuitBreaker, OpensAfterFailuresInARowAndTriesOne) {
  using State = CircuitBreaker::State;
  SteadyTime now(1h);
  CircuitBreaker breaker({3, 60s, 200s});
  breaker.failed(now), breaker.failed(now), breaker.succeeded();
  breaker.failed(now), breaker.failed(now);
  EXPECT_EQ(breaker.state(now), State::closed);
  breaker.failed(now);
  EXPECT_EQ(breaker.state(now), State::open);
  breaker.failed(now);  // one that was under way does not lengthen it
  EXPECT_EQ(breaker.state(now + 60s), State::trial);
  now += 60s;
  breaker.failed(now);
  EXPECT_FALSE(breaker.lets_through(now + 119s));
  now += 120s;
  EXPECT_TRUE(breaker.lets_through(now));
  breaker.failed(now);
  EXPECT_EQ(breaker.trial_at(), now + 200s);  // at most
  breaker.succeeded();
  EXPECT_EQ(breaker.state(now), State::closed);
}

}  // namespace
}  // namespace weir
