#include "sandbox_client/runner.h"

#include <algorithm>

#include "core/escape.h"

namespace weir {
namespace {

constexpr Duration kMostRest = std::chrono::minutes(1);

bool is_refusal(const Error& error) {
  return error.code == Errc::unsupported || error.code == Errc::too_large ||
         error.code == Errc::crashed;
}

Reason reason_of(const Error& refusal) {
  if (refusal.code == Errc::unsupported) return Reason::unsupported;
  return refusal.code == Errc::too_large ? Reason::too_large : Reason::crashed;
}

// The engine is well: it says no to this file, or asks for patience.
bool is_well(const Error& error) { return is_refusal(error) || error.code == Errc::busy; }

}  // namespace

EngineRunner::EngineRunner(std::unique_ptr<Engine> engine, const RunnerOptions& options,
                           SubmissionQueue& queue, VerdictMemory& memory, const Clock& clock,
                           Random& random, Log& log)
    : engine_(std::move(engine)),
      name_(engine_->name()),
      options_(options),
      queue_(queue),
      memory_(memory),
      clock_(clock),
      random_(random),
      log_(log),
      breaker_(options.breaker) {}

CircuitBreaker::State EngineRunner::state() const {
  const std::scoped_lock lock(breaker_mutex_);
  return breaker_.state(clock_.steady());
}

void EngineRunner::good() {
  const std::scoped_lock lock(breaker_mutex_);
  breaker_.succeeded();
}

void EngineRunner::trouble(const Error& error) {
  if (error.code == Errc::cancelled) return;  // we stop
  ++counts_.errors;
  log_.warn("sandbox", "engine does not answer as it should",
            {{"engine", name_}, {"error", error.what}});
  const std::scoped_lock lock(breaker_mutex_);
  breaker_.failed(clock_.steady());
}

void EngineRunner::note(const Result<>& done) {
  if (!done) log_.error("sandbox", "state was not kept", {{"error", done.error().what}});
}

Duration EngineRunner::step() {
  if (state() == CircuitBreaker::State::open) {
    const std::scoped_lock lock(breaker_mutex_);
    return std::clamp(breaker_.trial_at() - clock_.steady(), Duration::zero(), kMostRest);
  }
  auto work = queue_.take(name_, options_.concurrency);
  if (!work) note(std::unexpected(work.error()));
  const bool took = work && *work;
  if (took) hand_over(**work);
  // While the engine is on trial, one call is enough.
  if (state() == CircuitBreaker::State::open) return Duration::zero();
  auto due = queue_.tickets_due(name_, 1);
  if (!due) note(std::unexpected(due.error()));
  if (due && !due->empty()) ask(due->front());
  auto next = queue_.next_due(name_, true);
  // One whose turn has come and that was not taken: the engine has as many as it may.
  if (next && !took && *next <= clock_.wall()) next = queue_.next_due(name_, false);
  if (!next) return kMostRest;
  return std::clamp<Duration>(*next - clock_.wall(), Duration::zero(), kMostRest);
}

void EngineRunner::hand_over(const Work& work) {
  if (!engine_->takes(work.submission)) {
    return note(queue_.refused(work.id, Reason::unsupported, name_ + " does not take this type"));
  }
  auto settled = settle_found(work);
  if (!settled) return put_off(work, settled.error());
  if (*settled) return;
  if (work.uncertain) {
    // It was not sent, and a new intent says so before it is.
    return note(queue_.not_sent(work.id, name_ + " does not have it"));
  }
  auto file = queue_.file(work.submission.sha256);
  if (!file) {
    return note(queue_.give_up(work.id, "file is gone: " + file.error().what));
  }
  auto ticket = engine_->submit(work, std::move(*file));
  if (!ticket) return put_off(work, ticket.error());
  good();
  ++counts_.sent;
  note(queue_.sent(work.id, *ticket));
}

// Whether the engine had it already.
Result<bool> EngineRunner::settle_found(const Work& work) {
  auto found = engine_->find(work);
  if (!found) {
    Error error = std::move(found).error();
    // Looking sends nothing, but an uncertain one may have been sent before.
    error.retryable = !work.uncertain;
    return std::unexpected(std::move(error));
  }
  good();
  if (found->judgement) {
    ++counts_.reused;
    conclude(work, *found->judgement);
    return true;
  }
  if (found->ticket.empty()) return false;
  note(queue_.sent(work.id, found->ticket));
  return true;
}

void EngineRunner::put_off(const Work& work, const Error& error) {
  if (is_well(error)) {
    good();
  } else {
    trouble(error);
  }
  const std::string why = name_ + ": " + error.what;
  if (is_refusal(error)) {
    ++counts_.refused;
    note(queue_.refused(work.id, reason_of(error), why));
  } else if (work.uncertain || !(error.retryable || error.code == Errc::busy)) {
    note(queue_.unsure(work.id, why));
  } else {
    note(queue_.not_sent(work.id, why));
  }
}

void EngineRunner::ask(const Work& work) {
  auto answer = engine_->poll(work);
  if (answer) {
    good();
    poll_failures_ = 0;
    if (*answer) return conclude(work, **answer);
    return note(queue_.ask_again(work.id, engine_->poll_pause()));
  }
  const Error& error = answer.error();
  const std::string why = name_ + ": " + error.what;
  if (error.code == Errc::not_found) {
    good();
    note(queue_.not_sent(work.id, why));
  } else if (is_refusal(error)) {
    good();
    ++counts_.refused;
    note(queue_.refused(work.id, reason_of(error), why));
  } else {
    if (error.code != Errc::busy) trouble(error);
    ++poll_failures_;
    note(queue_.ask_again(work.id, backoff_pause(options_.poll_backoff, poll_failures_, random_)));
  }
}

void EngineRunner::conclude(const Work& work, const Judgement& judgement) {
  SandboxVerdict verdict = judgement.verdict;
  verdict.engine = name_;
  const auto kept =
      memory_.put(work.submission.sha256, verdict, judgement.report_json, judgement.raw_json);
  if (!kept) {  // the engine still has it, and is asked again
    note(kept);
    return note(work.ticket.empty() ? queue_.unsure(work.id, kept.error().what)
                                    : queue_.ask_again(work.id, engine_->poll_pause()));
  }
  ++counts_.finished;
  note(queue_.finish(work.id));
}

}  // namespace weir
