// Sandboxes for the gateway: hand in a file, be told its verdict. Owns the threads: one for each
// engine, and one that ends what is too late and tells the listeners. What to do while no engine
// answers is policy's to say; here it is a state. Started once, stopped by the destructor, which
// waits for calls under way (they are cut short).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/log.h"
#include "sandbox_client/engine.h"
#include "sandbox_client/queue.h"
#include "sandbox_client/request_pace.h"
#include "sandbox_client/runner.h"
#include "sandbox_client/verdict_memory.h"

namespace weir {

// How a submission ended. A verdict is always there: uninspectable with the reason when no engine
// could tell.
struct Outcome {
  Submission submission;
  SubmissionState state = SubmissionState::failed;
  SandboxVerdict verdict;
  std::string why;          // when not finished
  std::uint64_t joins = 0;  // how many more asked for it while it was under way
};

struct HandedIn {
  std::optional<SandboxVerdict> known;  // from memory: nothing was queued
  bool joined = false;                  // it was on its way already
  bool engine_up = false;               // some engine answers, as far as we know
};

struct EngineState {
  std::string name;
  CircuitBreaker::State breaker;
  const EngineCounts* counts;  // lives as long as the service
};

class SandboxService {
 public:
  using Listener = std::function<void(const Outcome&)>;

  // All outlive the service.
  SandboxService(SubmissionQueue& queue, VerdictMemory& memory, const Clock& clock, Random& random,
                 Log& log);
  ~SandboxService();

  // Before start(). Engines are asked in the order in which they are added, the first that takes a
  // file has it. A listener is called on the service's thread, for an end at least once, also for
  // those of an earlier run; it must not block for long.
  void add_engine(std::unique_ptr<Engine> engine, const RunnerOptions& options);
  void add_listener(Listener listener) { listeners_.push_back(std::move(listener)); }
  Result<> start();

  // Blocks on the disk; any thread but an event loop.
  Result<HandedIn> hand_in(const Submission& submission, int fd);

  bool engine_up() const;                          // any thread
  bool takes(const Submission& submission) const;  // some engine does; any thread
  std::vector<EngineState> engines() const;

  // What the threads do, for tests: step every engine, then tell what has ended. Returns how long
  // nothing needs to be done. Not after start().
  Duration step();

  StopSignal& stop_signal() { return stop_; }  // for engines, which wait and are cut short by it

 private:
  void run_engine(EngineRunner& runner);
  void run_teller();
  void tell();
  void tell_one(const Ended& ended);
  Result<SandboxVerdict> verdict_of(const Ended& ended);
  void wait(Duration most);
  void wake();

  SubmissionQueue& queue_;
  VerdictMemory& memory_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  StopSignal stop_;
  std::vector<Listener> listeners_;
  std::vector<std::unique_ptr<EngineRunner>> runners_;
  std::mutex wake_mutex_;
  std::condition_variable wake_;
  std::uint64_t wakes_ = 0;  // under wake_mutex_
  bool stopping_ = false;    // under wake_mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace weir
