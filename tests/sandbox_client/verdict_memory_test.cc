#include "sandbox_client/verdict_memory.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/sandbox_client/samples.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

std::string sha(int n) {
  std::string text = std::to_string(n);
  return std::string(64 - text.size(), 'a') + text;
}

SandboxVerdict said(Verdict verdict, std::uint8_t score = 0, std::string engine = "local",
                    std::string versions = "1") {
  SandboxVerdict one;
  one.verdict = verdict;
  one.reason = verdict == Verdict::uninspectable ? Reason::timeout : Reason::none;
  one.score = score;
  one.engine = std::move(engine);
  one.versions = std::move(versions);
  return one;
}

class Memory : public testing::Test {
 protected:
  Memory() { reopen(); }
  void reopen() {
    memory_.reset();
    auto opened = VerdictMemory::open(folder_ / "verdicts.sqlite", options_, clock_);
    ASSERT_TRUE(opened) << opened.error().what;
    memory_ = std::move(*opened);
  }
  std::string found(const std::string& sha256) {
    const auto one = memory_->find(sha256);
    return one ? std::string(verdict_name(one->verdict)) + " by " + one->engine : "none";
  }

  TempFolder folder_;
  MemoryOptions options_;
  ManualClock clock_;
  std::unique_ptr<VerdictMemory> memory_;
};

TEST_F(Memory, SurvivesARestart) {
  SandboxVerdict bad = said(Verdict::malicious, 90);
  bad.title = "reverse shell";
  ASSERT_TRUE(memory_->put(sha(1), bad, R"({"a":1})"));
  const auto before = memory_->find(sha(1));
  reopen();
  EXPECT_FALSE(memory_->peek(sha(1)));
  const auto after = memory_->find(sha(1));
  ASSERT_TRUE(after);
  EXPECT_EQ(after, before);
  EXPECT_EQ(after->title, "reverse shell");
  EXPECT_EQ(after->expires, clock_.wall() + options_.malicious);
  EXPECT_TRUE(memory_->peek(sha(1)));
  EXPECT_EQ(memory_->report(sha(1), "local"), R"({"a":1})");
  EXPECT_FALSE(memory_->report(sha(1), "cape"));
  EXPECT_EQ(found(sha(2)), "none");
}

TEST_F(Memory, EachVerdictHasItsLifetime) {
  const struct {
    Verdict verdict;
    Duration want;
  } cases[] = {{Verdict::clean, options_.clean},
               {Verdict::suspicious, options_.suspicious},
               {Verdict::malicious, options_.malicious},
               {Verdict::uninspectable, options_.unknown}};
  int n = 0;
  for (const auto& one : cases) {
    ++n;
    ASSERT_TRUE(memory_->put(sha(n), said(one.verdict), ""));
    EXPECT_EQ(memory_->find(sha(n))->expires - clock_.wall(), one.want);
  }
  n = 0;
  for (const auto& one : cases) {
    ++n;
    ManualClock& clock = clock_;
    ASSERT_TRUE(memory_->put(sha(n), said(one.verdict), ""));
    clock.advance(one.want - 1ms);
    EXPECT_TRUE(memory_->find(sha(n)) && memory_->peek(sha(n)));
    clock.advance(1ms);
    EXPECT_FALSE(memory_->peek(sha(n)));
    EXPECT_FALSE(memory_->find(sha(n)));
  }
}

TEST_F(Memory, TheWorstEngineIsHeard) {
  ASSERT_TRUE(memory_->put(sha(1), said(Verdict::suspicious, 40, "local"), ""));
  ASSERT_TRUE(memory_->put(sha(1), said(Verdict::clean, 0, "cape"), ""));
  EXPECT_EQ(found(sha(1)), "suspicious by local");
  // One that could not tell hides neither.
  ASSERT_TRUE(memory_->put(sha(1), said(Verdict::uninspectable, 0, "hook"), ""));
  EXPECT_EQ(found(sha(1)), "suspicious by local");
  // The same engine takes its word back.
  ASSERT_TRUE(memory_->put(sha(1), said(Verdict::clean, 0, "local"), ""));
  EXPECT_EQ(found(sha(1)).substr(0, 5), "clean");
}

TEST_F(Memory, AShortVerdictDoesNotHideALongOne) {
  ASSERT_TRUE(memory_->put(sha(1), said(Verdict::clean, 0, "cape"), ""));
  ASSERT_TRUE(memory_->put(sha(1), said(Verdict::suspicious, 50, "local"), ""));
  clock_.advance(options_.suspicious);
  EXPECT_EQ(found(sha(1)), "clean by cape");
}

TEST_F(Memory, IsJudgedAnew) {
  ASSERT_TRUE(memory_->put(sha(1), said(Verdict::malicious, 90), "{}"));
  EXPECT_EQ(found(sha(1)), "malicious by local");
  ASSERT_TRUE(memory_->outdate(sha(1)));
  EXPECT_EQ(found(sha(1)), "none");
  EXPECT_TRUE(memory_->report(sha(1), "local"));
  ASSERT_TRUE(memory_->put(sha(1), said(Verdict::clean), "{}"));
  EXPECT_EQ(found(sha(1)), "clean by local");
}

TEST_F(Memory, NewVersionsOutdateWhatOldOnesSaid) {
  ASSERT_TRUE(memory_->put(sha(1), said(Verdict::clean), ""));
  ASSERT_TRUE(memory_->put(sha(2), said(Verdict::clean, 0, "local", "2"), ""));
  ASSERT_TRUE(memory_->put(sha(3), said(Verdict::malicious, 90), ""));
  ASSERT_TRUE(memory_->put(sha(4), said(Verdict::clean, 0, "cape"), ""));
  EXPECT_EQ(memory_->outdate_versions("local", "2", false), 1u);
  EXPECT_EQ(found(sha(1)), "none");
  EXPECT_EQ(found(sha(2)), "clean by local");
  EXPECT_EQ(found(sha(3)), "malicious by local");
  EXPECT_EQ(found(sha(4)), "clean by cape");
  EXPECT_EQ(memory_->outdate_versions("local", "2", true), 1u);
  EXPECT_EQ(found(sha(3)), "none");
}

TEST_F(Memory, IsTrimmedByTimeAndByCount) {
  options_.max_rows = 3;
  reopen();
  for (int n = 0; n < 6; ++n) {
    ASSERT_TRUE(memory_->put(sha(n), said(Verdict::clean), "{}"));
    clock_.advance(1s);
  }
  EXPECT_EQ(memory_->trim(), 3u);
  EXPECT_EQ(found(sha(2)), "none");
  EXPECT_FALSE(memory_->report(sha(2), "local"));
  EXPECT_EQ(found(sha(3)), "clean by local");
  clock_.advance(options_.clean);
  EXPECT_EQ(memory_->trim(), 0u);  // expired, but not for long
  clock_.advance(25h);
  EXPECT_EQ(memory_->trim(), 3u);
  EXPECT_EQ(memory_->size(), 0u);
}

TEST_F(Memory, TheCacheIsBoundedAndTrue) {
  options_.cached = 10;
  reopen();
  for (int n = 0; n < 50; ++n) ASSERT_TRUE(memory_->put(sha(n), said(Verdict::clean), ""));
  EXPECT_FALSE(memory_->peek(sha(0)));
  EXPECT_TRUE(memory_->peek(sha(49)));
  EXPECT_EQ(found(sha(0)), "clean by local");
  EXPECT_TRUE(memory_->peek(sha(0)));
  EXPECT_EQ(found(sha(77)), "none");
  EXPECT_EQ(found(sha(77)), "none");  // now from memory
  ASSERT_TRUE(memory_->put(sha(77), said(Verdict::clean), ""));
  EXPECT_EQ(found(sha(77)), "clean by local");
}

TEST_F(Memory, ALongReportIsNotKeptButItsVerdictIs) {
  options_.max_report_bytes = 10;
  reopen();
  ASSERT_TRUE(memory_->put(sha(1), said(Verdict::clean), std::string(11, 'x')));
  EXPECT_EQ(memory_->report(sha(1), "local"), "{}");
  EXPECT_EQ(found(sha(1)), "clean by local");
}

TEST_F(Memory, WhatIsNoHashIsRefused) {
  for (const std::string& bad : {std::string(), std::string(64, 'G'), std::string(63, 'a')}) {
    EXPECT_FALSE(memory_->put(bad, said(Verdict::clean), ""));
    EXPECT_FALSE(memory_->find(bad));
  }
}

TEST_F(Memory, ManyThreads) {
  options_.cached = 5;
  reopen();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int n = 0; n < 40; ++n) {
        EXPECT_TRUE(memory_->put(sha(n % 9), said(Verdict::clean, 0, std::to_string(t)), ""));
        EXPECT_TRUE(memory_->find(sha(n % 9)));
      }
    });
  }
}

}  // namespace
}  // namespace weir
