// The durable queue before the sandboxes: SQLite (WAL, synchronous FULL) and a folder of files,
// both below `folder`. One submission per SHA-256; a second request for it joins the first.
//
//   waiting → submitting → submitted → finished | failed | expired → told (the row is gone)
//
// Whatever moment the process is killed at, a submission whose add() returned is told in the end,
// and is not sent twice to one engine: the intent (state submitting, with a key) is on the disk
// before the first byte leaves; a row found in that state afterwards is `uncertain`, and the taker
// looks for the key at the engine before it sends again. An end may be told twice, never not at
// all. Calls block on the disk: no event loop. Any thread; one taker for each engine at a time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/random.h"
#include "core/result.h"
#include "sandbox_client/pacing.h"
#include "sandbox_client/sample_files.h"
#include "sandbox_client/sqlite.h"
#include "sandbox_client/submission.h"

namespace weir {

struct QueueOptions {
  std::uint64_t max_rows = 10'000;
  std::uint64_t max_bytes = 8ull << 30;         // of all files that wait
  std::uint64_t max_file_bytes = 512ull << 20;  // of one
  Backoff backoff;                              // between attempts with one submission
  unsigned max_attempts = 20;                   // intents for one engine; then it has failed there
};

class SubmissionQueue {
 public:
  // `clock` and `random` outlive the queue. The folder's parent is there. `step` is for tests.
  static Result<std::unique_ptr<SubmissionQueue>> open(const std::string& folder,
                                                       const QueueOptions& options,
                                                       const Clock& clock, Random& random,
                                                       StepHook step = {});

  // Takes a copy of the file in `fd`. False: it was there already, and this is a join, which can
  // raise the priority. busy: as many as max_rows or max_bytes allow are under way.
  Result<bool> add(const Submission& submission, int fd);
  bool holds(const std::string& sha256) const;  // under way

  // The engines there are, before the first take(). What an engine that is no longer there had goes
  // back to waiting for the others; what none of these may have has failed.
  Result<> use_engines(std::vector<std::string> names);

  // The next for this engine: an uncertain one first, then the waiting one of highest priority, if
  // fewer than `most` are in its hands. The intent is on the disk when this returns.
  Result<std::optional<Work>> take(const std::string& engine, unsigned most);
  Result<UniqueFd> file(const std::string& sha256) const { return files_.read(sha256); }

  // What became of a taken one. All but the first say why. None does anything to a submission that
  // has expired in the meantime.
  Result<> sent(std::int64_t id, const std::string& ticket);
  Result<> unsure(std::int64_t id, const std::string& why);    // the engine may have it
  Result<> not_sent(std::int64_t id, const std::string& why);  // it has not, or has lost it
  // It will not, but others may; failed when there is no other.
  Result<> refused(std::int64_t id, Reason reason, const std::string& why);

  // Tickets of this engine whose turn it is to be asked for, the longest unasked first.
  Result<std::vector<Work>> tickets_due(const std::string& engine, std::size_t most);
  Result<> ask_again(std::int64_t id, Duration pause);

  Result<> finish(std::int64_t id);  // its verdict is remembered
  Result<> give_up(std::int64_t id, const std::string& why);
  Result<> expire();  // ends all whose deadline has passed

  // Ends to be told, oldest first; told() forgets the submission and its file.
  Result<std::vector<Ended>> ended(std::size_t most);
  Result<> told(std::int64_t id);

  // When tickets_due(), expire() or, with `room` for more, take() has something to do next.
  std::optional<WallTime> next_due(const std::string& engine, bool room) const;
  std::map<SubmissionState, std::uint64_t> counts() const;
  std::uint64_t bytes() const;  // of all files

 private:
  SubmissionQueue(const QueueOptions& options, const Clock& clock, Random& random, StepHook step,
                  SampleFiles files, Database database);
  Result<> restore();
  Result<bool> join(const Submission& submission);
  Result<> reserve(std::uint64_t bytes);
  void give_back(std::uint64_t bytes);
  Result<bool> settle(const Submission& submission);
  void remove_file(const std::string& sha256);
  Result<> insert(const Submission& submission);
  Result<std::optional<Work>> candidate(const std::string& engine, unsigned most);
  Result<> intend(Work& work, const std::string& engine);
  Result<> try_later(std::int64_t id, SubmissionState state, const std::string& why);
  Result<> refuse(std::int64_t id, Reason reason, const std::string& why);
  std::int64_t now_ms() const;
  void reached(std::string_view step) const {
    if (step_) step_(step);
  }

  const QueueOptions options_;
  const Clock& clock_;
  Random& random_;
  const StepHook step_;
  const SampleFiles files_;
  mutable std::mutex mutex_;  // for all below
  mutable Database database_;
  std::vector<std::string> engines_;
  std::multiset<std::string> copying_;  // files that an add() is placing: not to be removed
  std::uint64_t rows_ = 0, bytes_ = 0;  // of the table, and of what add() is copying
};

}  // namespace weir
