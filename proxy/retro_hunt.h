// Looks back when something new is known: another index of feeds, or a sandbox that calls a file
// bad that was let go. Who got it is told in a patient-zero notice, once for each thing and
// indicator, also over restarts. A thread of its own at the lowest priority, which rests ten times
// as long as it works. What it is asked is asked again after a kill: sandbox verdicts are on the
// disk before verdict_turned_bad() returns, and at a start all of the history is put to the index.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "conf/settings.h"
#include "core/log.h"
#include "core/metrics.h"
#include "proxy/events/event_log.h"
#include "proxy/retro_match.h"
#include "proxy/told_memory.h"

namespace weir {

class RetroHunt {
 public:
  struct Parts {
    const Settings& settings;
    History& history;
    EventLog& events;
    const Clock& clock;
    Metrics& metrics;
    Log& log;
  };
  // All of `parts` outlive it.
  static Result<std::unique_ptr<RetroHunt>> open(const Parts& parts);
  ~RetroHunt();
  RetroHunt(const RetroHunt&) = delete;
  RetroHunt& operator=(const RetroHunt&) = delete;

  void stop();   // ends the thread; what is asked afterwards waits for the next start
  void start();  // the thread
  void use_index(std::shared_ptr<const Index> index);  // any thread, never waits

  // A file that may have been delivered is bad after all. Any thread that may wait for the disk.
  Result<> verdict_turned_bad(const std::string& sha256, const SandboxVerdict& verdict);

  // A transaction has ended: did it begin before something became known? On the event log's thread.
  void look_at(const DeliveryRecord& row);

  // One round, for tests and the thread: how long to rest after it.
  Duration step();

 private:
  explicit RetroHunt(const Parts& parts, std::unique_ptr<ToldMemory> told);
  void run();
  bool has_work() const;  // under mutex_
  Result<> hunt();
  Result<> take_questions();
  void take_late();
  Result<> tell_some();
  Result<bool> tell_one(const Suspect& suspect);
  void add(Suspect suspect);
  Result<bool> is_told_with_all(const Suspect& suspect) const;
  std::optional<std::string> bad_file_of(const DeliveryRecord& row) const;  // under mutex_

  const Parts parts_;
  const std::unique_ptr<ToldMemory> told_;
  Counter& hunts_;
  Counter& notices_;
  Gauge& waiting_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::shared_ptr<const Index> fresh_;  // under mutex_, as the next three
  std::deque<Suspect> late_;
  std::set<std::string> bad_files_;  // by sandboxes, in this run
  bool asked_ = true;                // something may lie in told_

  // The thread's own.
  std::shared_ptr<const Index> hunted_;
  std::deque<Suspect> pending_;
  std::set<std::string> pending_keys_;
  std::vector<std::int64_t> answering_;  // questions that are among the pending
  std::jthread thread_;
};

}  // namespace weir
