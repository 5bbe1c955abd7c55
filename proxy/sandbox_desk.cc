#include "proxy/sandbox_desk.h"

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "conf/text_file.h"
#include "core/digest.h"
#include "proxy/helper_process.h"
#include "proxy/holding.h"
#include "proxy/sandbox_bundles.h"
#include "sandbox_client/engine_list.h"
#include "sandbox_client/service.h"

namespace weir {
namespace {

using Standing = SandboxAnswer::Standing;

constexpr std::size_t kMostJobs = 1000;
constexpr std::size_t kMostBad = 200'000;
constexpr std::size_t kMostSignatureBytes = 4 << 20;
constexpr std::size_t kMostCases = 100'000;

// A verdict of a worker with other signatures is not of the same worker.
std::string versions_of(const EngineSpec& spec) {
  if (spec.kind != EngineKind::local) return {};
  const auto text = read_text_file(spec.signatures_file, kMostSignatureBytes);
  if (!text) return "local";
  Digests digests(false);
  digests.update(as_bytes(*text));
  return "local " + digests.finish().sha256.substr(0, 12);
}

// Work for the desk's thread, which may wait for the disk.
struct Job {
  std::function<void()> work;
  Wakeup done;
};

}  // namespace

struct SandboxDesk::State {
  explicit State(Parts given) : parts(given) {}
  ~State();

  Result<void> open(const SandboxList& list);
  Result<void> add_engine(EngineSpec spec);
  Result<void> add_local(EngineSpec& spec, const std::string& versions);
  void run();
  Co<bool> perform(std::function<void()> work);
  SandboxAnswer serve(const SandboxAsk& ask);
  SandboxAnswer serve_parts(const Submission& whole, const std::vector<Inside>& inside,
                            SandboxVerdict so_far);
  void tell_wholes(const std::string& part, const SandboxVerdict& verdict);
  void remember_bad(const std::string& sha256, const SandboxVerdict& verdict);
  void conclude(const Outcome& outcome);
  Result<void> load_bad();

  const Parts parts;
  Duration deadline{};
  std::unique_ptr<SubmissionQueue> queue;  // null: no sandboxes
  std::unique_ptr<VerdictMemory> memory;
  std::unique_ptr<HelperProcess> worker;

  SandboxCases cases{kMostCases, parts.clock};
  SandboxBundles bundles{kMostCases};
  mutable std::shared_mutex bad_mutex;
  std::unordered_map<std::string, SandboxVerdict> bad;
  std::unordered_map<std::string, SandboxVerdict> came;  // since `bad` was last read

  std::unique_ptr<SandboxService> service;  // after what its listener touches

  std::mutex jobs_mutex;
  std::condition_variable wake;
  std::deque<std::shared_ptr<Job>> jobs;
  bool stopping = false;
  std::thread thread;
};

SandboxDesk::SandboxDesk(std::unique_ptr<State> state) : state_(std::move(state)) {}
SandboxDesk::~SandboxDesk() = default;

Result<std::unique_ptr<SandboxDesk>> SandboxDesk::start(Parts parts) {
  auto state = std::make_unique<State>(parts);
  if (!parts.settings.sandbox_file.empty()) {
    std::vector<Diagnostic> problems;
    const auto list = load_sandbox_list(parts.settings.sandbox_file, problems);
    if (!list) return fail(Errc::invalid, Fault::config, text_of(problems));
    if (auto opened = state->open(*list); !opened) return pass(std::move(opened));
  }
  return std::unique_ptr<SandboxDesk>(new SandboxDesk(std::move(state)));
}

SandboxDesk::State::~State() {
  {
    const std::lock_guard lock(jobs_mutex);
    stopping = true;
  }
  wake.notify_all();
  if (thread.joinable()) thread.join();
}

Result<void> SandboxDesk::State::open(const SandboxList& list) {
  const std::string folder = parts.settings.state_dir + "/sandbox";
  deadline = list.deadline;
  auto opened = SubmissionQueue::open(folder, list.queue, parts.clock, parts.random);
  if (!opened) return pass(std::move(opened));
  queue = std::move(*opened);
  auto read = VerdictMemory::open(folder + "/verdicts.sqlite", list.memory, parts.clock);
  if (!read) return pass(std::move(read));
  memory = std::move(*read);
  (void)memory->changed_elsewhere();
  if (auto loaded = load_bad(); !loaded) return loaded;
  service = std::make_unique<SandboxService>(*queue, *memory, parts.clock, parts.random, parts.log);
  for (const EngineSpec& spec : list.engines) {
    if (!spec.enabled) continue;
    if (auto added = add_engine(spec); !added) return added;
  }
  service->add_listener([this](const Outcome& outcome) { conclude(outcome); });
  if (auto started = service->start(); !started) return started;
  thread = std::thread([this] { run(); });
  return {};
}

Result<void> SandboxDesk::State::load_bad() {
  {
    const std::unique_lock lock(bad_mutex);
    came.clear();
  }
  std::unordered_map<std::string, SandboxVerdict> fresh;
  auto loaded = memory->each_malicious(
      kMostBad, [&](const auto& sha256, const auto& verdict) { fresh.emplace(sha256, verdict); });
  if (!loaded) return loaded;
  const std::unique_lock lock(bad_mutex);
  fresh.insert(came.begin(), came.end());
  bad.swap(fresh);
  return {};
}

Result<void> SandboxDesk::State::add_engine(EngineSpec spec) {
  const std::string versions = versions_of(spec);
  if (spec.kind == EngineKind::local) {
    if (auto added = add_local(spec, versions); !added) return added;
  }
  RunnerOptions options;
  options.concurrency = spec.concurrency;
  service->add_engine(
      make_engine(spec, versions, parts.clock, parts.random, service->stop_signal()), options);
  return {};
}

Result<void> SandboxDesk::State::add_local(EngineSpec& spec, const std::string& versions) {
  if (spec.socket.empty()) {
    const std::string path = parts.settings.state_dir + "/sandbox/detonate.sock";
    spec.socket = std::filesystem::absolute(path).string();
  }
  if (spec.start && worker) {
    return fail(Errc::invalid, Fault::config,
                parts.settings.sandbox_file + ": only one local engine can be started");
  }
  if (spec.start) {
    std::vector<std::string> words{parts.helpers + "/weir-detonate",
                                   "serve",
                                   "--with-parent",
                                   "--socket",
                                   spec.socket,
                                   "--jobs",
                                   std::to_string(spec.concurrency),
                                   "--signatures",
                                   spec.signatures_file};
    worker = std::make_unique<HelperProcess>("sandbox", std::move(words), parts.clock, parts.log);
  }
  // What other signatures called clean is judged anew.
  auto outdated = memory->outdate_versions(spec.name, versions, false);
  if (!outdated) return pass(std::move(outdated));
  return {};
}

bool SandboxDesk::takes(const Submission& submission) const {
  return state_->service && state_->service->takes(submission);
}

Co<SandboxAnswer> SandboxDesk::hand_in(SandboxAsk ask) {
  State& state = *state_;
  if (!takes(ask.submission)) co_return SandboxAnswer{Standing::unsupported, {}, nullptr};
  const auto answer = std::make_shared<SandboxAnswer>();
  const auto work = [&state, answer, ask = std::move(ask)] { *answer = state.serve(ask); };
  (void)co_await state.perform(work);
  co_return std::move(*answer);
}

Co<std::vector<std::optional<SandboxVerdict>>> SandboxDesk::recall(
    std::vector<std::string> digests) {
  using Known = std::vector<std::optional<SandboxVerdict>>;
  const auto known = std::make_shared<Known>(digests.size());
  if (!state_->memory) co_return *known;
  const auto work = [memory = state_->memory.get(), known, digests = std::move(digests)] {
    for (std::size_t i = 0; i < digests.size(); ++i) (*known)[i] = memory->find(digests[i]);
  };
  (void)co_await state_->perform(work);
  co_return std::move(*known);
}

Co<SandboxAnswer> SandboxDesk::hand_in_parts(Submission whole, std::vector<Inside> parts,
                                             SandboxVerdict so_far) {
  State& state = *state_;
  if (!state.service) co_return SandboxAnswer{Standing::unsupported, {}, nullptr};
  const auto answer = std::make_shared<SandboxAnswer>();
  const auto work = [&state, answer, whole = std::move(whole), parts = std::move(parts),
                     so_far = std::move(so_far)] {
    *answer = state.serve_parts(whole, parts, so_far);
  };
  (void)co_await state.perform(work);
  co_return std::move(*answer);
}

std::shared_ptr<SandboxCase> SandboxDesk::under_way(const Submission& whole) {
  return state_->bundles.has(whole.sha256) ? state_->cases.find_or_make(whole) : nullptr;
}

// False: there is too much to do. `work` is gone, with what it holds, before the caller goes on.
Co<bool> SandboxDesk::State::perform(std::function<void()> work) {
  const auto job = std::make_shared<Job>();
  job->work = std::move(work);
  {
    const std::lock_guard lock(jobs_mutex);
    if (stopping || jobs.size() >= kMostJobs) co_return false;
    jobs.push_back(job);
  }
  wake.notify_one();
  co_await job->done.wait();
  co_return true;
}

std::optional<SandboxVerdict> SandboxDesk::known_bad(const std::string& sha256) const {
  const std::shared_lock lock(state_->bad_mutex);
  const auto at = state_->bad.find(sha256);
  if (at == state_->bad.end()) return std::nullopt;
  if (at->second.expires <= state_->parts.clock.wall()) return std::nullopt;
  return at->second;
}

void SandboxDesk::State::run() {
  for (;;) {
    std::shared_ptr<Job> job;
    {
      std::unique_lock lock(jobs_mutex);
      wake.wait(lock, [this] { return stopping || !jobs.empty(); });
      if (jobs.empty()) return;  // those that came before the end are served
      job = std::move(jobs.front());
      jobs.pop_front();
    }
    job->work();
    job->work = nullptr;
    job->done.notify();
  }
}

// The case is there before the memory is asked: a verdict that comes in between finds it.
SandboxAnswer SandboxDesk::State::serve(const SandboxAsk& ask) {
  auto under_way = cases.find_or_make(ask.submission);
  Submission submission = ask.submission;
  submission.deadline = deadline;
  auto in = service->hand_in(submission, ask.body->get());
  if (!in) {
    parts.log.warn("sandbox", "a file was not taken", {{"problem", in.error().what}});
    const bool never = in.error().code == Errc::too_large;
    return {never ? Standing::unsupported : Standing::unavailable, {}, nullptr};
  }
  if (in->known) return {Standing::known, *in->known, nullptr};
  if (!in->engine_up) return {Standing::unavailable, {}, nullptr};
  return {Standing::waiting, {}, std::move(under_way)};
}

// The bundle is there before its parts are handed in: what is said of them meanwhile finds it.
SandboxAnswer SandboxDesk::State::serve_parts(const Submission& whole,
                                              const std::vector<Inside>& inside,
                                              SandboxVerdict so_far) {
  auto under_way = cases.find_or_make(whole);
  SandboxBundles::Parts waiting;
  for (const Inside& part : inside) waiting[part.ask.submission.sha256] = part.where;
  if (waiting.empty()) return {Standing::known, std::move(so_far), nullptr};
  const bool first = bundles.open(whole, std::move(waiting), std::move(so_far));
  bool all_up = true;
  for (const Inside& part : inside) {
    const SandboxAnswer answer = serve(part.ask);
    const std::string& digest = part.ask.submission.sha256;
    if (answer.standing == Standing::known) tell_wholes(digest, answer.verdict);
    if (answer.standing == Standing::unsupported) {
      tell_wholes(digest, no_answer(Reason::too_large, "a sandbox does not take it"));
    }
    if (answer.standing == Standing::unavailable) all_up = false;
  }
  if (auto said = under_way->verdict()) return {Standing::known, std::move(*said), nullptr};
  if (!all_up || (!first && !bundles.has(whole.sha256))) return {};
  return {Standing::waiting, {}, std::move(under_way)};
}

void SandboxDesk::State::tell_wholes(const std::string& part, const SandboxVerdict& verdict) {
  for (const SandboxBundles::Decided& one : bundles.told(part, verdict)) {
    Outcome outcome;
    outcome.submission = one.whole;
    outcome.state = SubmissionState::finished;
    outcome.verdict = one.verdict;
    if (one.verdict.verdict == Verdict::malicious) {
      remember_bad(one.whole.sha256, one.verdict);
    }
    if (const auto waited = cases.close(one.whole, true)) waited->conclude(one.verdict);
    if (parts.on_outcome) parts.on_outcome(outcome);
  }
}

void SandboxDesk::State::remember_bad(const std::string& sha256, const SandboxVerdict& verdict) {
  const std::unique_lock lock(bad_mutex);
  if (bad.size() < kMostBad) bad.insert_or_assign(sha256, verdict);
  if (came.size() < kMostBad) came.insert_or_assign(sha256, verdict);
}

// On the service's thread.
void SandboxDesk::State::conclude(const Outcome& outcome) {
  const Submission& submission = outcome.submission;
  const SandboxVerdict& verdict = outcome.verdict;
  if (verdict.verdict == Verdict::malicious) remember_bad(submission.sha256, verdict);
  const auto waited = cases.close(submission, outcome.state == SubmissionState::finished);
  parts.metrics
      .counter("weir_sandbox_verdicts_total", "Files that went to a sandbox, by what came back.",
               {{"verdict", std::string(verdict_name(verdict.verdict))},
                {"reason", std::string(reason_name(verdict.reason))}})
      .add();
  parts.log.info("sandbox", "verdict",
                 {{"sha256", submission.sha256},
                  {"verdict", std::string(verdict_name(verdict.verdict))},
                  {"engine", verdict.engine},
                  {"title", verdict.title}});
  if (waited) waited->conclude(verdict);
  if (parts.on_outcome) parts.on_outcome(outcome);
  tell_wholes(submission.sha256, verdict);
}

void SandboxDesk::look() {
  State& all = *state_;
  if (all.worker) all.worker->look();
  if (!all.service) return;
  if (all.memory->changed_elsewhere()) {
    if (auto loaded = all.load_bad(); !loaded) {
      all.parts.log.error("sandbox", "verdicts", {{"problem", loaded.error().what}});
    }
  }
  const auto counts = all.queue->counts();
  for (const auto state :
       {SubmissionState::waiting, SubmissionState::submitting, SubmissionState::submitted}) {
    const auto at = counts.find(state);
    all.parts.metrics
        .gauge("weir_sandbox_queue", "Files in the queue before the sandboxes, by state.",
               {{"state", std::string(submission_state_name(state))}})
        .set(at == counts.end() ? 0 : static_cast<std::int64_t>(at->second));
  }
  for (const EngineState& engine : all.service->engines()) {
    all.parts.metrics
        .gauge("weir_sandbox_engine_up", "1: the engine answers.", {{"engine", engine.name}})
        .set(engine.breaker == CircuitBreaker::State::closed ? 1 : 0);
  }
}

}  // namespace weir
