#include "inspect/scan_pool.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "core/digest.h"
#include "inspect/scan_child.h"
#include "inspect/scan_queue.h"
#include "inspect/scan_zygote.h"

namespace weir {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr Duration kMostLoading = 5min;  // a full ClamAV database takes some ten seconds
constexpr Duration kMostSpawning = 30s;  // a zygote that forks no child for so long is stuck
constexpr Duration kFirstPause = 100ms;  // before another zygote is started, then doubled
constexpr Duration kLongestPause = 10s;
constexpr Duration kSteady = 30s;  // one that lived so long was no failed start
constexpr Duration kGrace = 10s;   // for the pool's own answer to a deadline

struct Counters {
  explicit Counters(Metrics& metrics)
      : waiting(metrics.gauge("weir_scan_queue", "Files that wait for a scan worker.")),
        engine_up(metrics.gauge("weir_scan_engine_up", "1 while a scan engine is loaded.")),
        scans(metrics.counter("weir_scans_total", "Files that scan workers finished.")),
        timeouts(metrics.counter("weir_scan_timeouts_total", "Files whose time was up.")),
        crashes(metrics.counter("weir_scan_worker_crashes_total",
                                "Scan workers that died or talked nonsense.")),
        refused(metrics.counter("weir_scan_queue_full_total", "Files that found the queue full.")),
        children(metrics.counter("weir_scan_workers_started_total", "Scan workers started.")),
        restarts(metrics.counter("weir_scan_engine_restarts_total",
                                 "Scan engines that went and were replaced.")),
        seconds(
            metrics.histogram("weir_scan_seconds", "Time in a scan worker.",
                              {.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60})) {}
  Gauge &waiting, &engine_up;
  Counter &scans, &timeouts, &crashes, &refused, &children, &restarts;
  Histogram& seconds;
};

ScanLimits limits_of(const InspectSettings& settings) {
  ScanLimits limits;
  limits.depth = settings.archive_depth;
  limits.entries = settings.archive_entries;
  limits.entry_bytes = settings.archive_entry_bytes;
  limits.total_bytes = settings.archive_total_bytes;
  limits.ratio = settings.archive_ratio;
  return limits;
}

ScanOptions options_of(const InspectSettings& settings) {
  ScanOptions options;
  options.rules_dir = settings.rules_dir;
  options.clamav_dir = settings.clamav_dir;
  options.hash_files = settings.hash_files;
  options.publisher_roots = settings.publisher_roots;
  options.best_effort = settings.isolation == "best_effort";
  options.memory_bytes = settings.worker_memory_bytes;
  return options;
}

std::uint64_t number_of(const std::string& generation) {
  const auto digest = sha256(as_bytes(generation));
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | digest[static_cast<std::size_t>(i)];
  return number;
}

}  // namespace

// All of it on the pool's thread, but for the atomics.
struct ScanPool::State {
  using ChildPtr = std::unique_ptr<ScanChild>;

  State(const InspectSettings& settings, std::string program_path, Metrics& metrics, Log& log_to)
      : options(options_of(settings)),
        limits(limits_of(settings)),
        program(std::move(program_path)),
        workers(settings.workers != 0 ? settings.workers
                                      : std::max(1U, std::thread::hardware_concurrency())),
        files_per_worker(std::max(1U, settings.files_per_worker)),
        counters(metrics),
        log(log_to),
        queue(settings.queue) {}

  void enqueue(ScanTicket ticket);
  void dispatch();
  ChildPtr take_idle(bool fresh);
  Co<void> run(ScanTicket ticket, ChildPtr child);
  struct Start {
    SteadyTime time;
    std::uint64_t generation;
  };
  void conclude(ScanTicket ticket, ChildPtr child, Result<ScanReply> reply, Start start);
  void retry_or_give_up(ScanTicket ticket, const Error& error);
  void release(ChildPtr child);
  void replenish();
  void watch_spawning(bool anew);
  void expire();

  Co<Result<void>> load();
  void use(std::shared_ptr<ScanZygote> fresh, const ScanReady& ready);
  void child_came(const ScanZygote* from, UniqueFd socket, UniqueFd process);
  void zygote_gone(const ScanZygote* which, const std::string& why);
  Co<void> restart();
  bool comes_back(const ScanChild& child) const { return child.served() + 1 < files_per_worker; }
  void note_queue() { counters.waiting.set(static_cast<std::int64_t>(queue.size())); }

  const ScanOptions options;
  const ScanLimits limits;
  const std::string program;
  const std::uint32_t workers;
  const std::uint32_t files_per_worker;
  Counters counters;
  Log& log;

  asio::io_context loop{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(loop);
  asio::steady_timer expiry{loop}, spawn_pause{loop}, spawn_watch{loop}, restart_pause{loop};

  std::shared_ptr<ScanZygote> zygote;  // null while no engine is up
  SteadyTime zygote_since{};
  Duration pause = kFirstPause;
  bool restarting = false;
  bool watching = false;  // spawn_watch runs for the oldest request
  std::deque<ChildPtr> idle;
  ScanQueue queue;
  std::uint32_t busy = 0;       // children with a file
  std::uint32_t returning = 0;  // those of them that will take another
  std::uint64_t next_job = 1;

  std::atomic<bool> up{false};
  std::atomic<std::uint64_t> generation{0};
  std::mutex reloading;
  std::thread thread;
};

// ---- files ----------------------------------------------------------------------------------

void ScanPool::State::enqueue(ScanTicket ticket) {
  if (queue.full()) {
    counters.refused.add();
    ticket.answer(failed_scan(Reason::queue_full));
    return;
  }
  queue.push(std::move(ticket));
  dispatch();
  expire();
}

void ScanPool::State::dispatch() {
  while (!queue.empty() && busy < workers) {
    ChildPtr child = take_idle(queue.front().tries > 0);
    if (!child) break;
    ++busy;
    if (comes_back(*child)) ++returning;
    asio::co_spawn(loop, run(queue.pop(), std::move(child)), asio::detached);
  }
  replenish();
  note_queue();
}

// Second tries go to a child that has read nothing else.
ScanPool::State::ChildPtr ScanPool::State::take_idle(bool fresh) {
  while (!idle.empty()) {
    ChildPtr child = fresh ? std::move(idle.back()) : std::move(idle.front());
    fresh ? idle.pop_back() : idle.pop_front();
    const bool fits = !fresh || child->served() == 0;
    if (fits && child->idle_and_well()) return child;
  }
  return nullptr;
}

Co<void> ScanPool::State::run(ScanTicket ticket, ChildPtr child) {
  const bool returns = comes_back(*child);
  const std::uint64_t rules = generation.load();  // idle children are of the engine in force
  ScanTask& task = ticket.task();
  const SteadyTime began = std::chrono::steady_clock::now();
  ++task.tries;
  ScanJob job;
  job.id = next_job++;
  job.scanners = task.request.scanners;
  job.name = task.request.name;
  job.passwords = task.request.passwords;
  job.take_out = task.request.take_out;
  job.limits = limits;
  job.limits.time =
      std::max(1ms, std::chrono::duration_cast<std::chrono::milliseconds>(task.deadline - began));
  auto reply =
      co_await child->perform(std::move(job), task.request.body, task.request.into, task.deadline);
  --busy;
  if (returns) --returning;
  conclude(std::move(ticket), std::move(child), std::move(reply), {began, rules});
  dispatch();
  expire();
}

void ScanPool::State::conclude(ScanTicket ticket, ChildPtr child, Result<ScanReply> reply,
                               Start start) {
  ScanTask& task = ticket.task();
  if (!reply && reply.error().code != Errc::timeout) {
    child.reset();
    return retry_or_give_up(std::move(ticket), reply.error());
  }
  ScanOutcome outcome = failed_scan(Reason::timeout);
  outcome.queued = start.time - task.asked;
  outcome.scanned = std::chrono::steady_clock::now() - start.time;
  if (reply) {
    counters.scans.add();
    counters.seconds.observe(std::chrono::duration<double>(outcome.scanned).count());
    outcome.findings = std::move(reply->findings);
    outcome.completed = reply->completed;
    outcome.artifacts = reply->artifacts;
    outcome.tree = std::move(reply->tree);
    outcome.page_words = std::move(reply->page_words);
    outcome.generation = start.generation;
    outcome.missing = Reason::engine_down;
    ticket.answer(std::move(outcome));
    return release(std::move(child));
  }
  counters.timeouts.add();
  ticket.answer(std::move(outcome));  // the child is killed as it goes
}

void ScanPool::State::retry_or_give_up(ScanTicket ticket, const Error& error) {
  counters.crashes.add();
  log.warn("scan", "a worker failed", {{"problem", error.what}});
  if (ticket.task().tries < 2) return queue.push_first(std::move(ticket));
  ticket.answer(failed_scan(Reason::crashed));
}

void ScanPool::State::release(ChildPtr child) {
  const bool ours = zygote && child->zygote() == zygote.get();
  if (ours && child->served() < files_per_worker && child->idle_and_well()) {
    idle.push_front(std::move(child));
  }
}

// As many children as may work at once, and one to spare.
void ScanPool::State::replenish() {
  if (!zygote) return;
  while (idle.size() + zygote->asked() + returning < workers + 1) {
    if (!zygote->request_child()) break;
  }
  watch_spawning(false);
}

void ScanPool::State::watch_spawning(bool anew) {
  if (anew || !zygote || zygote->asked() == 0) watching = false;
  if (!watching) spawn_watch.cancel();
  if (watching || !zygote || zygote->asked() == 0) return;
  watching = true;
  spawn_watch.expires_after(kMostSpawning);
  spawn_watch.async_wait([this, which = zygote.get()](boost::system::error_code error) {
    if (!error && watching) zygote_gone(which, "it makes no children");
  });
}

void ScanPool::State::expire() {
  const Reason reason = zygote ? Reason::timeout : Reason::engine_down;
  counters.timeouts.add(queue.expire(std::chrono::steady_clock::now(), reason));
  note_queue();
  const auto next = queue.next_deadline();
  if (!next) {
    expiry.cancel();
    return;
  }
  expiry.expires_at(*next);
  expiry.async_wait([this](boost::system::error_code error) {
    if (!error) expire();
  });
}

// ---- engines --------------------------------------------------------------------------------

Co<Result<void>> ScanPool::State::load() {
  auto started = ScanZygote::start(loop, program, options);
  if (!started) co_return pass(std::move(started));
  auto ready = co_await (*started)->ready(kMostLoading);
  if (!ready) co_return pass(std::move(ready));
  use(std::move(*started), *ready);
  co_return Result<void>{};
}

void ScanPool::State::use(std::shared_ptr<ScanZygote> fresh, const ScanReady& ready) {
  for (const std::string& warning : ready.warnings) log.warn("scan", warning);
  log.info("scan", "engine loaded",
           {{"yara_rules", std::to_string(ready.yara_rules)},
            {"clamav_signatures", std::to_string(ready.clamav_signatures)}});
  const ScanZygote* const which = fresh.get();
  idle.clear();  // of the engine before; children at work finish their file
  zygote = std::move(fresh);
  zygote_since = std::chrono::steady_clock::now();
  generation = number_of(ready.generation);
  up = true;
  counters.engine_up.set(1);
  zygote->listen({.spawned =
                      [this, which](UniqueFd socket, UniqueFd process) {
                        child_came(which, std::move(socket), std::move(process));
                      },
                  .spawn_failed =
                      [this](const std::string& why) {
                        log.warn("scan", "no child was made", {{"problem", why}});
                        watch_spawning(true);
                        spawn_pause.expires_after(200ms);
                        spawn_pause.async_wait([this](boost::system::error_code error) {
                          if (!error) dispatch();
                        });
                      },
                  .gone = [this, which](const std::string& why) { zygote_gone(which, why); }});
  dispatch();
}

void ScanPool::State::child_came(const ScanZygote* from, UniqueFd socket, UniqueFd process) {
  auto child = std::make_unique<ScanChild>(loop, std::move(socket), std::move(process),
                                           from == zygote.get() ? zygote : nullptr);
  if (from != zygote.get()) return;  // of an engine that was replaced meanwhile
  counters.children.add();
  idle.push_back(std::move(child));
  watch_spawning(true);
  dispatch();
  expire();
}

void ScanPool::State::zygote_gone(const ScanZygote* which, const std::string& why) {
  if (which != zygote.get()) return;
  log.error("scan", "the engine is gone; starting another", {{"problem", why}});
  if (std::chrono::steady_clock::now() - zygote_since > kSteady) pause = kFirstPause;
  up = false;
  counters.engine_up.set(0);
  idle.clear();
  zygote.reset();
  watch_spawning(true);
  if (!restarting) asio::co_spawn(loop, restart(), asio::detached);
}

Co<void> ScanPool::State::restart() {
  restarting = true;
  while (!zygote) {
    restart_pause.expires_after(pause);
    pause = std::min(pause * 2, kLongestPause);
    (void)co_await restart_pause.async_wait(asio::as_tuple(asio::use_awaitable));
    if (zygote) break;  // a reload was faster
    counters.restarts.add();
    auto loaded = co_await load();
    if (!loaded) log.error("scan", "the engine does not start", {{"problem", loaded.error().what}});
  }
  restarting = false;
}

// ---- the outside ----------------------------------------------------------------------------

ScanPool::ScanPool(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<ScanPool>> ScanPool::start(const InspectSettings& settings,
                                                  std::string program, Metrics& metrics, Log& log) {
  auto state = std::make_unique<State>(settings, std::move(program), metrics, log);
  state->thread = std::thread([loop = &state->loop] { loop->run(); });
  std::unique_ptr<ScanPool> pool(new ScanPool(std::move(state)));
  if (auto loaded = pool->reload(); !loaded) return pass(std::move(loaded));
  return pool;
}

ScanPool::~ScanPool() {
  state_->loop.stop();
  state_->thread.join();
}

Co<ScanOutcome> ScanPool::scan(ScanRequest request) {
  if (!request.body) co_return failed_scan(Reason::engine_down);
  const auto task = std::make_shared<ScanTask>();
  task->request = std::move(request);
  task->asked = std::chrono::steady_clock::now();
  task->deadline = task->asked + task->request.limit;
  const Duration most = task->request.limit + kGrace;
  asio::post(state_->loop, [state = state_.get(), ticket = ScanTicket(task)]() mutable {
    state->enqueue(std::move(ticket));
  });
  if (!co_await task->done.wait(most)) co_return failed_scan(Reason::timeout);
  co_return std::move(task->outcome);
}

Result<void> ScanPool::reload() {
  const std::lock_guard one_at_a_time(state_->reloading);
  const auto outcome = std::make_shared<std::promise<Result<void>>>();
  auto arrived = outcome->get_future();
  asio::co_spawn(
      state_->loop, state_->load(), [outcome](std::exception_ptr failure, Result<void> loaded) {
        outcome->set_value(failure ? fail(Errc::internal, Fault::local, "scan: exception")
                                   : std::move(loaded));
      });
  return arrived.get();
}

bool ScanPool::ready() const { return state_->up.load(); }
std::uint64_t ScanPool::generation() const { return state_->generation.load(); }

}  // namespace weir
