#include "sandbox_client/service.h"

#include <algorithm>

namespace weir {
namespace {

// A change of the wall clock is noticed after this.
constexpr Duration kMostRest = std::chrono::seconds(5);
constexpr Duration kTellPause = std::chrono::milliseconds(500);
constexpr std::size_t kToldAtOnce = 64;

}  // namespace

SandboxService::SandboxService(SubmissionQueue& queue, VerdictMemory& memory, const Clock& clock,
                               Random& random, Log& log)
    : queue_(queue), memory_(memory), clock_(clock), random_(random), log_(log) {}

SandboxService::~SandboxService() {
  stop_.request();
  {
    const std::scoped_lock lock(wake_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  threads_.clear();  // joins
}

void SandboxService::add_engine(std::unique_ptr<Engine> engine, const RunnerOptions& options) {
  runners_.push_back(std::make_unique<EngineRunner>(std::move(engine), options, queue_, memory_,
                                                    clock_, random_, log_));
}

Result<> SandboxService::start() {
  std::vector<std::string> names;
  for (const auto& runner : runners_) names.push_back(runner->name());
  if (auto used = queue_.use_engines(std::move(names)); !used) return used;
  for (const auto& runner : runners_) {
    threads_.emplace_back([this, one = runner.get()] { run_engine(*one); });
  }
  threads_.emplace_back([this] { run_teller(); });
  return {};
}

Result<HandedIn> SandboxService::hand_in(const Submission& submission, int fd) {
  HandedIn in;
  in.engine_up = engine_up();
  in.known = memory_.find(submission.sha256);
  if (in.known) return in;
  auto added = queue_.add(submission, fd);
  if (!added) return pass(std::move(added));
  in.joined = !*added;
  wake();
  return in;
}

bool SandboxService::engine_up() const {
  return std::ranges::any_of(
      runners_, [](const auto& one) { return one->state() == CircuitBreaker::State::closed; });
}

bool SandboxService::takes(const Submission& submission) const {
  return std::ranges::any_of(runners_, [&](const auto& one) { return one->takes(submission); });
}

std::vector<EngineState> SandboxService::engines() const {
  std::vector<EngineState> states;
  for (const auto& one : runners_) states.push_back({one->name(), one->state(), &one->counts()});
  return states;
}

void SandboxService::wake() {
  {
    const std::scoped_lock lock(wake_mutex_);
    ++wakes_;
  }
  wake_.notify_all();
}

void SandboxService::wait(Duration most) {
  std::unique_lock lock(wake_mutex_);
  const std::uint64_t seen = wakes_;
  wake_.wait_for(lock, std::min(most, kMostRest), [&] { return stopping_ || wakes_ != seen; });
}

void SandboxService::run_engine(EngineRunner& runner) {
  while (!stop_.requested()) {
    const Duration rest = runner.step();
    if (rest > Duration::zero()) wait(rest);
  }
}

void SandboxService::run_teller() {
  constexpr int kTrimEvery = 7200;  // pauses: an hour
  for (int pauses = 1; stop_.sleep(kTellPause); ++pauses) {
    tell();
    if (pauses % kTrimEvery != 0) continue;
    if (auto trimmed = memory_.trim(); !trimmed) {
      log_.error("sandbox", "old verdicts stay", {{"error", trimmed.error().what}});
    }
  }
}

Duration SandboxService::step() {
  Duration rest = kMostRest;
  for (const auto& runner : runners_) rest = std::min(rest, runner->step());
  tell();
  return rest;
}

void SandboxService::tell() {
  if (auto expired = queue_.expire(); !expired) {
    log_.error("sandbox", "deadlines were not looked at", {{"error", expired.error().what}});
  }
  const auto ended = queue_.ended(kToldAtOnce);
  if (!ended)
    return log_.error("sandbox", "queue is not readable", {{"error", ended.error().what}});
  for (const Ended& one : *ended) tell_one(one);
}

// The memory first, the listeners then, and only then it is forgotten: a kill tells again.
void SandboxService::tell_one(const Ended& ended) {
  auto verdict = verdict_of(ended);
  if (!verdict) {
    log_.error("sandbox", "verdict was not kept", {{"error", verdict.error().what}});
    return;
  }
  const Outcome outcome{ended.submission, ended.state, std::move(*verdict), ended.why, ended.joins};
  for (const Listener& listener : listeners_) listener(outcome);
  if (auto told = queue_.told(ended.id); !told) {
    log_.error("sandbox", "queue keeps what was told", {{"error", told.error().what}});
  }
}

Result<SandboxVerdict> SandboxService::verdict_of(const Ended& ended) {
  const std::string& sha256 = ended.submission.sha256;
  if (auto known = memory_.find(sha256)) return *known;
  SandboxVerdict unknown;
  unknown.reason = ended.reason == Reason::none ? Reason::engine_down : ended.reason;
  unknown.engine = ended.engine;
  unknown.title = ended.why;
  if (auto kept = memory_.put(sha256, unknown, "{}"); !kept) return pass(std::move(kept));
  return memory_.find(sha256).value_or(unknown);
}

}  // namespace weir
