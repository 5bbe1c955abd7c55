#include "sandbox_client/service.h"

#include <gtest/gtest.h>

#include <future>

#include "tests/sandbox_client/samples.h"
#include "tests/sandbox_client/scripted_engine.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
using State = SubmissionState;

class Service : public testing::Test {
 protected:
  Service() {
    queue_ = *SubmissionQueue::open(folder_ / "sandbox", options_, clock_, random_);
    memory_ = *VerdictMemory::open(folder_ / "verdicts.sqlite", {}, clock_);
    service_ = std::make_unique<SandboxService>(*queue_, *memory_, clock_, random_, log_);
    service_->add_listener([this](const Outcome& one) { told_.push_back(one); });
    script_.sent_file = folder_ / "sent";
    other_.sent_file = folder_ / "sent-other";
    other_.name = "other";
  }

  void use_engines(bool two = false) {
    runner_.breaker = {3, 60s, 600s};
    service_->add_engine(std::make_unique<ScriptedEngine>(script_), runner_);
    if (two) service_->add_engine(std::make_unique<ScriptedEngine>(other_), runner_);
    ASSERT_TRUE(queue_->use_engines(two ? std::vector<std::string>{"fake", "other"}
                                        : std::vector<std::string>{"fake"}));
  }

  HandedIn hand_in(const std::string& bytes, const std::string& type = "pe") {
    Submission one;
    one.sha256 = sha256_hex(as_bytes(bytes));
    one.type = type;
    one.deadline = 1h;
    auto in = service_->hand_in(one, memory_file(bytes).get());
    EXPECT_TRUE(in) << in.error().what;
    return in.value_or(HandedIn());
  }

  // Steps and moves the clock until all was told, or the time is over.
  void run(Duration most = 2h) {
    const auto end = clock_.wall() + most;
    while (clock_.wall() < end && !queue_->counts().empty()) {
      clock_.advance(std::max<Duration>(service_->step(), 10ms));
    }
  }
  std::size_t sent(const ScriptedEngine::Script& script) const {
    return ScriptedEngine::sent(script.sent_file).size();
  }

  TempFolder folder_;
  QueueOptions options_;
  RunnerOptions runner_;
  ManualClock clock_;
  CountingRandom random_;
  Log log_{-1, LogLevel::error, clock_};
  ScriptedEngine::Script script_, other_;
  std::unique_ptr<SubmissionQueue> queue_;
  std::unique_ptr<VerdictMemory> memory_;
  std::unique_ptr<SandboxService> service_;
  std::vector<Outcome> told_;
};

TEST_F(Service, FromHandedInToTold) {
  use_engines();
  script_.verdict = Verdict::malicious;
  script_.polls_until_ready = 3;
  EXPECT_FALSE(hand_in("a").joined);
  EXPECT_TRUE(hand_in("a").joined);
  run();
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_EQ(told_[0].state, State::finished);
  EXPECT_EQ(told_[0].verdict.verdict, Verdict::malicious);
  EXPECT_EQ(told_[0].verdict.engine, "fake");
  EXPECT_EQ(told_[0].verdict.score, 42);
  EXPECT_EQ(told_[0].joins, 1u);
  EXPECT_EQ(sent(script_), 1u);
  const auto again = hand_in("a");
  ASSERT_TRUE(again.known);
  EXPECT_EQ(again.known->verdict, Verdict::malicious);
  EXPECT_TRUE(queue_->counts().empty());
}

TEST_F(Service, EachErrorOfSubmitHasItsAnswer) {
  const struct {
    const char* name;
    Error error;
    bool taken;
    std::size_t want_sent;
    State want;
  } cases[] = {
      {"nobody there", {Errc::refused, Fault::helper, true, "x"}, false, 1, State::finished},
      {"asks for patience", {Errc::busy, Fault::helper, false, "x"}, false, 1, State::finished},
      {"lost answer, taken", {Errc::timeout, Fault::helper, false, "x"}, true, 1, State::finished},
      {"lost answer, not taken",
       {Errc::timeout, Fault::helper, false, "x"},
       false,
       1,
       State::finished},
      {"never", {Errc::unsupported, Fault::helper, false, "x"}, false, 0, State::failed},
      {"too large", {Errc::too_large, Fault::helper, false, "x"}, false, 0, State::failed},
  };
  use_engines();
  std::size_t sent_before = 0;
  for (const auto& one : cases) {
    told_.clear();
    script_.submits = {one.error};
    script_.error_after_taking = one.taken;
    hand_in(one.name);
    run();
    ASSERT_EQ(told_.size(), 1u) << one.name;
    EXPECT_EQ(told_[0].state, one.want) << one.name << ": " << told_[0].why;
    EXPECT_EQ(sent(script_) - sent_before, one.want_sent) << one.name;
    sent_before = sent(script_);
  }
}

TEST_F(Service, EachErrorOfPollHasItsAnswer) {
  const struct {
    const char* name;
    Error error;
    std::size_t want_sent;
    State want;
  } cases[] = {
      {"passing", {Errc::timeout, Fault::helper, false, "x"}, 1, State::finished},
      {"garbage", {Errc::malformed, Fault::helper, false, "x"}, 1, State::finished},
      {"patience", {Errc::busy, Fault::helper, false, "x"}, 1, State::finished},
      {"lost", {Errc::not_found, Fault::helper, false, "x"}, 2, State::finished},
      {"failed there", {Errc::crashed, Fault::helper, false, "x"}, 1, State::failed},
  };
  use_engines();
  std::size_t sent_before = 0;
  for (const auto& one : cases) {
    told_.clear();
    script_.polls = {one.error};
    hand_in(one.name);
    run();
    ASSERT_EQ(told_.size(), 1u) << one.name;
    EXPECT_EQ(told_[0].state, one.want) << one.name << ": " << told_[0].why;
    EXPECT_EQ(sent(script_) - sent_before, one.want_sent) << one.name;
    sent_before = sent(script_);
  }
}

TEST_F(Service, WhatOneDoesNotTakeAnotherDoes) {
  script_.type = "elf";
  use_engines(true);
  hand_in("a", "pe");
  run();
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_EQ(told_[0].verdict.engine, "other");
  EXPECT_EQ(sent(script_), 0u);
  EXPECT_EQ(sent(other_), 1u);
}

TEST_F(Service, NobodyTakesIt) {
  script_.type = other_.type = "elf";
  use_engines(true);
  hand_in("a", "pe");
  run();
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_EQ(told_[0].state, State::failed);
  EXPECT_EQ(told_[0].verdict.verdict, Verdict::uninspectable);
  EXPECT_EQ(told_[0].verdict.reason, Reason::unsupported);
  EXPECT_EQ(told_[0].why, "other does not take this type");
  EXPECT_TRUE(hand_in("a", "pe").known);  // not tried again at every download
}

TEST_F(Service, AnEngineThatIsDownIsLeftAloneAndSeen) {
  use_engines();
  const Error down{Errc::refused, Fault::helper, true, "connection refused"};
  script_.finds.assign(1000, down);
  EXPECT_TRUE(hand_in("a").engine_up);
  run(50min);
  EXPECT_FALSE(hand_in("b").engine_up);
  const auto calls = 1000 - script_.finds.size();
  EXPECT_GE(calls, 3u);
  EXPECT_LE(calls, 12u);  // in 50 minutes
  EXPECT_EQ(service_->engines()[0].counts->errors, calls);
  script_.finds.clear();
  run(10min);
  EXPECT_TRUE(service_->engine_up());
  run();
  EXPECT_EQ(told_.size(), 2u);
}

TEST_F(Service, PendingForEverEndsAtItsDeadline) {
  use_engines();
  script_.polls_until_ready = 1'000'000;
  hand_in("a");
  run(59min);
  EXPECT_TRUE(told_.empty());
  run();
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_EQ(told_[0].state, State::expired);
  EXPECT_EQ(told_[0].verdict.reason, Reason::timeout);
  EXPECT_EQ(told_[0].verdict.verdict, Verdict::uninspectable);
}

TEST_F(Service, NoMoreAtATimeThanAllowed) {
  runner_.concurrency = 2;
  use_engines();
  script_.polls_until_ready = 1'000'000;
  for (const char* name : {"a", "b", "c"}) hand_in(name);
  for (int i = 0; i < 20; ++i) clock_.advance(std::max<Duration>(service_->step(), 10ms));
  EXPECT_EQ(sent(script_), 2u);
  EXPECT_EQ(queue_->counts()[State::waiting], 1u);
}

TEST_F(Service, ThreadsDoItToo) {
  const SystemClock clock;
  const auto queue = *SubmissionQueue::open(folder_ / "real", options_, clock, random_);
  const auto memory = *VerdictMemory::open(folder_ / "real.sqlite", {}, clock);
  std::promise<Outcome> told;
  {
    SandboxService service(*queue, *memory, clock, random_, log_);
    service.add_engine(std::make_unique<ScriptedEngine>(script_), {});
    service.add_listener([&](const Outcome& one) { told.set_value(one); });
    ASSERT_TRUE(service.start());
    Submission one;
    one.sha256 = sha256_hex(as_bytes("a"));
    ASSERT_TRUE(service.hand_in(one, memory_file("a").get()));
    auto outcome = told.get_future();
    ASSERT_EQ(outcome.wait_for(30s), std::future_status::ready);
    EXPECT_EQ(outcome.get().state, State::finished);
  }
}

}  // namespace
}  // namespace weir
