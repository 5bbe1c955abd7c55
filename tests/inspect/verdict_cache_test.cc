#include "inspect/verdict_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/digest.h"
#include "tests/inspect/run_co.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
using test::run_co;

ScannerSet yara() { return ScannerSet::from_bits(1U << static_cast<unsigned>(Scanner::yara)); }

VerdictKey key_of(std::string_view text, std::uint64_t generation = 1) {
  return {sha256(as_bytes(text)), generation, yara()};
}

ScanOutcome clean(std::uint64_t generation = 1) {
  ScanOutcome outcome;
  outcome.completed = yara();
  outcome.generation = generation;
  return outcome;
}

ScanOutcome with(Finding finding) {
  ScanOutcome outcome = clean();
  outcome.findings.push_back(std::move(finding));
  return outcome;
}

void lead_to(VerdictCache& cache, const VerdictKey& key, const ScanOutcome& outcome) {
  auto joined = cache.join(key);
  ASSERT_TRUE(joined.lead.has_value());
  joined.lead->finish(outcome);
}

TEST(VerdictCache, RemembersByContentGenerationAndScanners) {
  ManualClock clock;
  VerdictCache cache(100, 1h, clock);
  lead_to(cache, key_of("a"), with({Scanner::yara, Verdict::malicious, Reason::none, "Bad", ""}));
  const auto again = cache.join(key_of("a"));
  ASSERT_TRUE(again.known.has_value());
  EXPECT_EQ(again.known->findings.at(0).name, "Bad");
  EXPECT_TRUE(cache.join(key_of("b")).lead.has_value());
  EXPECT_TRUE(cache.join(key_of("a", 2)).lead.has_value());
  VerdictKey other = key_of("a");
  other.scanners.add(Scanner::clamav);
  EXPECT_TRUE(cache.join(other).lead.has_value());
}

TEST(VerdictCache, ForgetsWhenTimeHasPassed) {
  ManualClock clock;
  VerdictCache cache(100, 10s, clock);
  lead_to(cache, key_of("a"), clean());
  clock.advance(10s - 1ns);
  EXPECT_TRUE(cache.join(key_of("a")).known.has_value());
  clock.advance(1ns);
  EXPECT_TRUE(cache.join(key_of("a")).lead.has_value());
  EXPECT_EQ(cache.size(), 0U);
}

TEST(VerdictCache, OnlyWhatWouldComeOutTheSameIsKept) {
  const auto uninspectable = [](Reason reason) {
    return with({Scanner::structure, Verdict::uninspectable, reason, "", ""});
  };
  ScanOutcome incomplete = clean();
  incomplete.completed = {};
  const struct {
    const char* name;
    ScanOutcome outcome;
    bool kept;
  } table[] = {
      {"clean", clean(), true},
      {"encrypted", uninspectable(Reason::encrypted), true},
      {"corrupt", uninspectable(Reason::corrupt), true},
      {"too deep", uninspectable(Reason::too_deep), true},
      {"timeout", uninspectable(Reason::timeout), false},
      {"crashed", uninspectable(Reason::crashed), false},
      {"queue full", uninspectable(Reason::queue_full), false},
      {"engine down", uninspectable(Reason::engine_down), false},
      {"a scanner missing", incomplete, false},
      {"failed", failed_scan(Reason::crashed), false},
      {"by other rules", clean(2), false},
      {"endless",
       with({Scanner::yara, Verdict::malicious, Reason::none, std::string(99'999, 'x'), ""}),
       false},
  };
  ManualClock clock;
  for (const auto& row : table) {
    VerdictCache cache(100, 1h, clock);
    lead_to(cache, key_of("a"), row.outcome);
    EXPECT_EQ(cache.join(key_of("a")).known.has_value(), row.kept) << row.name;
  }
}

TEST(VerdictCache, IsBoundedAndDropsTheLeastRecentlyUsed) {
  ManualClock clock;
  VerdictCache cache(32, 1h, clock);
  for (int i = 0; i < 1000; ++i) {
    (void)cache.join(key_of("kept"));  // leads at first, then keeps it young
    if (i == 0) lead_to(cache, key_of("kept"), clean());
    lead_to(cache, key_of(std::to_string(i)), clean());
  }
  EXPECT_LE(cache.size(), 32U);
  EXPECT_TRUE(cache.join(key_of("kept")).known.has_value());
  EXPECT_TRUE(cache.join(key_of("999")).known.has_value());
}

TEST(VerdictCache, WithoutEntriesOnlyJoins) {
  ManualClock clock;
  VerdictCache cache(0, 1h, clock);
  lead_to(cache, key_of("a"), clean());
  auto joined = cache.join(key_of("a"));
  EXPECT_TRUE(joined.lead.has_value());
  EXPECT_NE(cache.join(key_of("a")).flight, nullptr);
}

TEST(VerdictCache, OthersWaitForTheOneScan) {
  ManualClock clock;
  VerdictCache cache(100, 1h, clock);
  auto lead = cache.join(key_of("a"));
  auto other = cache.join(key_of("a"));
  ASSERT_NE(other.flight, nullptr);
  const auto early = run_co(VerdictCache::wait(other.flight, 1ms));
  EXPECT_TRUE(early.timed_out);
  EXPECT_FALSE(early.outcome.has_value());
  lead.lead->finish(failed_scan(Reason::crashed));  // shared, though not remembered
  const auto landed = run_co(VerdictCache::wait(other.flight, 1h));
  EXPECT_FALSE(landed.timed_out);
  EXPECT_EQ(landed.outcome->missing, Reason::crashed);
}

TEST(VerdictCache, AnAbandonedLeadIsPassedOn) {
  ManualClock clock;
  VerdictCache cache(100, 1h, clock);
  std::shared_ptr<VerdictCache::Flight> flight;
  {
    const auto lead = cache.join(key_of("a"));
    flight = cache.join(key_of("a")).flight;
  }
  const auto landed = run_co(VerdictCache::wait(flight, 1h));
  EXPECT_FALSE(landed.timed_out);
  EXPECT_FALSE(landed.outcome.has_value());
  EXPECT_TRUE(cache.join(key_of("a")).lead.has_value());
}

Co<int> ask(VerdictCache& cache, const VerdictKey& key, std::atomic<int>& scans, bool abandon) {
  for (;;) {
    auto joined = cache.join(key);
    if (joined.known) co_return 1;
    if (joined.lead) {
      if (std::exchange(abandon, false)) continue;
      ++scans;
      joined.lead->finish(clean());
      co_return 1;
    }
    const auto landed = co_await VerdictCache::wait(joined.flight, 1h);
    if (landed.outcome) co_return 1;
  }
}

TEST(VerdictCache, ThreadsThatRaceScanOnce) {
  SystemClock clock;
  for (int round = 0; round < 100; ++round) {
    VerdictCache cache(100, 1h, clock);
    std::atomic<int> scans = 0;
    std::atomic<int> answers = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] { answers += run_co(ask(cache, key_of("a"), scans, i == 0)); });
      }
    }
    EXPECT_EQ(scans.load(), 1);
    EXPECT_EQ(answers.load(), 4);
  }
}

}  // namespace
}  // namespace weir
