#include "inspect/scan_pool.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/inspect/scanner_fixture.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
using test::ask;
using test::ask_all;
using test::request_for;
using ScanPoolTest = test::ScannerFixture;

bool is_clean(const ScanOutcome& outcome) {
  return outcome.completed.has(Scanner::yara) && outcome.findings.empty();
}
bool is_bad(const ScanOutcome& outcome) {
  return outcome.completed.has(Scanner::yara) && !outcome.findings.empty() &&
         outcome.findings[0].verdict == Verdict::malicious;
}

TEST_F(ScanPoolTest, AnswersAndSeesTheFile) {
  const auto scanners = pool();
  EXPECT_TRUE(scanners->ready());
  EXPECT_TRUE(is_clean(ask(*scanners, "clean")));
  const ScanOutcome echo = ask(*scanners, "echo");
  ASSERT_TRUE(is_bad(echo));
  EXPECT_EQ(echo.findings[0].name, "the body");
  EXPECT_EQ(echo.generation, scanners->generation());
  EXPECT_GT(echo.scanned.count(), 0);
  EXPECT_EQ(count("weir_scans_total"), 2U);
}

// What a worker does -> what comes of it. None of it is ever clean, and the next file is served.
TEST_F(ScanPoolTest, EveryFaultOfAWorkerHasItsReason) {
  const struct {
    const char* act;
    std::chrono::milliseconds limit;
    Reason reason;
    std::uint64_t crashes;
  } table[] = {
      {"crash", 60s, Reason::crashed, 2},          {"close", 60s, Reason::crashed, 2},
      {"half", 60s, Reason::crashed, 2},           {"garbage", 60s, Reason::crashed, 2},
      {"too-much", 60s, Reason::crashed, 2},       {"trailing", 60s, Reason::crashed, 2},
      {"wrong-id", 60s, Reason::crashed, 2},       {"unasked", 60s, Reason::crashed, 2},
      {"enumerator", 60s, Reason::crashed, 2},     {"with-descriptor", 60s, Reason::crashed, 2},
      {"hang", 200ms, Reason::timeout, 0},         {"no-such-act", 200ms, Reason::timeout, 0},
      {"incomplete", 60s, Reason::engine_down, 0},
  };
  const auto scanners = pool();
  for (const auto& row : table) {
    const std::uint64_t before = count("weir_scan_worker_crashes_total");
    const ScanOutcome outcome = ask(*scanners, row.act, row.limit);
    EXPECT_TRUE(outcome.completed.empty()) << row.act;
    EXPECT_EQ(outcome.missing, row.reason) << row.act << ": " << reason_name(outcome.missing);
    EXPECT_EQ(count("weir_scan_worker_crashes_total") - before, row.crashes) << row.act;
    EXPECT_TRUE(is_clean(ask(*scanners, "clean"))) << "after " << row.act;
  }
}

TEST_F(ScanPoolTest, AFileGetsOneMoreTry) {
  const auto scanners = pool();
  const ScanOutcome outcome = ask(*scanners, "crash-once " + marker("once"));
  ASSERT_TRUE(is_bad(outcome));
  EXPECT_EQ(outcome.findings[0].name, "second");
  EXPECT_EQ(count("weir_scan_worker_crashes_total"), 1U);
}

TEST_F(ScanPoolTest, NoAnswerReachesAnotherFile) {
  settings_.workers = 1;
  settings_.files_per_worker = 3;
  const auto scanners = pool();
  for (int i = 0; i < 30; ++i) {
    (void)ask(*scanners, "twice");
    EXPECT_TRUE(is_clean(ask(*scanners, "clean")));
    EXPECT_TRUE(is_bad(ask(*scanners, "echo")));
  }
}

TEST_F(ScanPoolTest, AWorkerServesAsManyFilesAsItMay) {
  settings_.workers = 1;
  settings_.files_per_worker = 5;
  const auto scanners = pool();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(is_clean(ask(*scanners, "clean")));
  EXPECT_LE(count("weir_scan_workers_started_total"), 8U);
}

TEST_F(ScanPoolTest, FullQueueRefusesAtOnceAndWaitingCountsAgainstTheTime) {
  settings_.workers = 1;
  settings_.queue = 2;
  const auto scanners = pool();
  EXPECT_TRUE(is_clean(ask(*scanners, "clean")));
  std::vector<ScanRequest> requests;
  for (int i = 0; i < 6; ++i) requests.push_back(request_for("hang", 300ms));
  const auto outcomes = ask_all(*scanners, std::move(requests));
  int full = 0;
  int late = 0;
  for (const ScanOutcome& outcome : outcomes) {
    full += outcome.missing == Reason::queue_full ? 1 : 0;
    late += outcome.missing == Reason::timeout ? 1 : 0;
    EXPECT_TRUE(outcome.completed.empty());
  }
  EXPECT_GE(full, 3);  // one at work at most, two wait
  EXPECT_EQ(full + late, 6);
  EXPECT_EQ(count("weir_scan_queue_full_total"), static_cast<std::uint64_t>(full));
  EXPECT_TRUE(is_clean(ask(*scanners, "clean")));
}

TEST_F(ScanPoolTest, AnEngineThatDiesIsReplaced) {
  const auto scanners = pool();
  EXPECT_TRUE(is_clean(ask(*scanners, "kill-zygote-once " + marker("kill"))));
  // Children outlive their engine: it takes some files until its end is noticed.
  for (int i = 0; i < 2000 && count("weir_scan_engine_restarts_total") == 0; ++i) {
    EXPECT_TRUE(is_clean(ask(*scanners, "clean")));
  }
  EXPECT_TRUE(is_clean(ask(*scanners, "clean")));
  EXPECT_GE(count("weir_scan_engine_restarts_total"), 1U);
  EXPECT_TRUE(scanners->ready());
}

TEST_F(ScanPoolTest, WithoutAnEngineTheAnswerIsEngineDown) {
  settings_.files_per_worker = 1;
  const auto scanners = pool();
  set_mode("bad-rule", "2");
  ScanOutcome outcome = ask(*scanners, "kill-zygote-once " + marker("kill"), 500ms);
  // Children outlive their engine: the last of them may still answer.
  for (int i = 0; i < 100 && !outcome.completed.empty(); ++i) {
    outcome = ask(*scanners, "clean", 500ms);
  }
  EXPECT_TRUE(outcome.completed.empty());
  EXPECT_EQ(outcome.missing, Reason::engine_down);
  EXPECT_FALSE(scanners->ready());
  set_mode("good", "3");
  EXPECT_TRUE(is_clean(ask(*scanners, "clean")));  // as soon as it starts again
}

TEST_F(ScanPoolTest, EnginesThatMakeNoChildrenEndInTimeout) {
  for (const char* mode : {"no-children", "other-children", "no-descriptors", "die"}) {
    set_mode(mode, "1");
    const auto scanners = pool();
    const ScanOutcome outcome = ask(*scanners, "clean", 250ms);
    EXPECT_TRUE(outcome.completed.empty()) << mode;
    EXPECT_TRUE(outcome.missing == Reason::timeout || outcome.missing == Reason::engine_down)
        << mode;
  }
}

TEST_F(ScanPoolTest, EnginesThatDoNotStartSayWhy) {
  const struct {
    const char* mode;
    Errc code;
    const char* text;
  } table[] = {{"bad-rule", Errc::invalid, "rules/x.yar:3: undefined identifier"},
               {"exit", Errc::crashed, "ended while loading"},
               {"nonsense", Errc::malformed, "malformed"}};
  for (const auto& row : table) {
    set_mode(row.mode, "1");
    const auto started = try_pool();
    ASSERT_FALSE(started.has_value()) << row.mode;
    EXPECT_EQ(started.error().code, row.code) << row.mode;
    EXPECT_NE(started.error().what.find(row.text), std::string::npos) << started.error().what;
  }
  const auto missing = ScanPool::start(settings_, dir_ + "/none", metrics_, log_);
  ASSERT_FALSE(missing.has_value());
  EXPECT_NE(missing.error().what.find("/none"), std::string::npos);
}

TEST_F(ScanPoolTest, ReloadSwapsOrKeeps) {
  const auto scanners = pool();
  const std::uint64_t first = scanners->generation();
  set_mode("bad-rule", "2");
  const auto refused = scanners->reload();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().what, "rules/x.yar:3: undefined identifier");
  EXPECT_EQ(scanners->generation(), first);
  EXPECT_TRUE(is_clean(ask(*scanners, "clean")));
  set_mode("good", "2");
  ASSERT_TRUE(scanners->reload().has_value());
  EXPECT_NE(scanners->generation(), first);
  EXPECT_EQ(ask(*scanners, "clean").generation, scanners->generation());
  set_mode("good", "1");
  ASSERT_TRUE(scanners->reload().has_value());
  EXPECT_EQ(scanners->generation(), first);  // the same rules are the same generation
}

TEST_F(ScanPoolTest, ReloadUnderLoadLosesNothing) {
  const auto scanners = pool();
  std::jthread reloading([&] {
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(scanners->reload().has_value());
  });
  for (int round = 0; round < 10; ++round) {
    std::vector<ScanRequest> requests;
    for (int i = 0; i < 20; ++i) requests.push_back(request_for(i % 2 == 0 ? "clean" : "echo"));
    const auto outcomes = ask_all(*scanners, std::move(requests));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      EXPECT_TRUE(i % 2 == 0 ? is_clean(outcomes[i]) : is_bad(outcomes[i]));
    }
  }
}

TEST_F(ScanPoolTest, WorkersThatDieAtRandomPassNothingBad) {
  const auto scanners = pool();
  int answered = 0;
  for (int round = 0; round < 10; ++round) {
    std::vector<ScanRequest> requests;
    for (int i = 0; i < 20; ++i)
      requests.push_back(request_for(i % 2 == 0 ? "flaky good" : "flaky bad"));
    const auto outcomes = ask_all(*scanners, std::move(requests));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      const bool crashed = outcomes[i].completed.empty() && outcomes[i].missing == Reason::crashed;
      EXPECT_TRUE(crashed || (i % 2 == 0 ? is_clean(outcomes[i]) : is_bad(outcomes[i])));
      answered += crashed ? 0 : 1;
    }
  }
  EXPECT_GT(answered, 0);
  EXPECT_TRUE(is_clean(ask(*scanners, "clean")));
}

TEST_F(ScanPoolTest, WhoWaitsWhenThePoolGoesGetsEngineDown) {
  auto scanners = pool();
  boost::asio::io_context loop(1);
  std::optional<ScanOutcome> outcome;
  boost::asio::co_spawn(loop, scanners->scan(request_for("hang")),
                        [&](std::exception_ptr, ScanOutcome got) { outcome = std::move(got); });
  loop.poll();
  scanners.reset();
  loop.run();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->missing, Reason::engine_down);
}

TEST_F(ScanPoolTest, TheWaiterMayVanish) {
  const auto scanners = pool();
  for (int i = 0; i < 20; ++i) {
    boost::asio::io_context loop(1);
    boost::asio::co_spawn(loop, scanners->scan(request_for("clean")),
                          [](std::exception_ptr, const ScanOutcome&) {});
    loop.poll();
  }
  EXPECT_TRUE(is_clean(ask(*scanners, "clean")));
}

TEST_F(ScanPoolTest, ABodyIsNeeded) {
  const auto scanners = pool();
  ScanRequest request = request_for("clean");
  request.body = nullptr;
  EXPECT_EQ(test::run_co(scanners->scan(std::move(request))).missing, Reason::engine_down);
}

}  // namespace
}  // namespace weir
