// Takes submissions from the queue through one engine, a step at a time. It remembers a verdict
// before the queue hears of the end, and so a kill between the two costs a second look at most. One
// thread; step() blocks as long as the engine's calls do. What it refers to outlives it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "core/log.h"
#include "sandbox_client/engine.h"
#include "sandbox_client/queue.h"

namespace weir {

struct RunnerOptions {
  unsigned concurrency = 4;  // submissions that the engine has at a time
  BreakerLimits breaker;
  Backoff poll_backoff;  // after a poll that failed
};

// For metrics, any thread.
struct EngineCounts {
  std::atomic<std::uint64_t> sent = 0, reused = 0, finished = 0, refused = 0, errors = 0;
};

class EngineRunner {
 public:
  EngineRunner(std::unique_ptr<Engine> engine, const RunnerOptions& options, SubmissionQueue& queue,
               VerdictMemory& memory, const Clock& clock, Random& random, Log& log);

  // Hands over one submission and asks for one ticket, if there are such. Returns how long nothing
  // needs to be done then; at most a minute.
  Duration step();

  const std::string& name() const { return name_; }
  bool takes(const Submission& submission) const { return engine_->takes(submission); }
  CircuitBreaker::State state() const;  // any thread
  const EngineCounts& counts() const { return counts_; }

 private:
  void hand_over(const Work& work);
  void ask(const Work& work);
  Result<bool> settle_found(const Work& work);
  void conclude(const Work& work, const Judgement& judgement);
  void put_off(const Work& work, const Error& error);
  void note(const Result<>& done);   // of the queue or the memory
  void trouble(const Error& error);  // of the engine
  void good();

  const std::unique_ptr<Engine> engine_;
  const std::string name_;
  const RunnerOptions options_;
  SubmissionQueue& queue_;
  VerdictMemory& memory_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  mutable std::mutex breaker_mutex_;
  CircuitBreaker breaker_;
  unsigned poll_failures_ = 0;
  EngineCounts counts_;
};

}  // namespace weir
