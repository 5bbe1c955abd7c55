#include "proxy/events/event_log.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "core/log.h"
#include "proxy/events/event_formats.h"
#include "proxy/events/event_output.h"

namespace weir {
namespace {

// The writer sleeps this long between batches, so that submitting wakes nobody.
constexpr auto kBatch = std::chrono::milliseconds(20);
constexpr auto kComplainEvery = std::chrono::seconds(60);
constexpr std::size_t kWriteBytes = 256 * 1024;

// Files stay OCSF, which weir events reads.
EventFormat format_of(const EventSettings& settings) {
  if (settings.output != "syslog") return EventFormat::ocsf;
  return event_server(settings.syslog).value_or(EventServer{}).format;
}

}  // namespace

struct EventLog::State {
  State(const EventSettings& given, Metrics& metrics, Log& logger)
      : settings(given),
        format(format_of(given)),
        log(logger),
        written(metrics.counter("weir_events_written_total", "Events written.")),
        lost(metrics.counter("weir_events_lost_total", "Events that could not be written.")) {}

  void run();
  std::vector<TransactionRecord> take();
  bool write_notices();  // true when there were any
  void write(const std::vector<TransactionRecord>& batch);
  void write_lines(const std::string& lines, std::uint64_t count);

  EventSettings settings;
  const EventFormat format;
  Log& log;
  SystemClock clock;
  Counter& written;
  Counter& lost;
  std::unique_ptr<EventOutput> output;
  std::mutex mutex;
  std::condition_variable wake;  // only for the end: batches come by time
  std::vector<TransactionRecord> queue;
  std::vector<Notice> notices;
  NoticeObserver notice_observer;  // under mutex
  Observer observer;               // under mutex
  std::uint64_t rounds = 0;        // of the writer, under mutex
  std::condition_variable round_ended;
  bool stopping = false;
  std::atomic<bool> losing{false};
  std::atomic<bool> reopen{false};
  SteadyTime complained{};
  std::thread writer;
};

Result<std::unique_ptr<EventLog>> EventLog::open(const EventSettings& settings,
                                                 const std::string& default_file, Metrics& metrics,
                                                 Log& log) {
  auto state = std::make_unique<State>(settings, metrics, log);
  auto output = open_event_output(settings, default_file, metrics, log, state->clock);
  if (!output) return pass(std::move(output));
  state->output = std::move(*output);
  state->writer = std::thread([raw = state.get()] { raw->run(); });
  return std::unique_ptr<EventLog>(new EventLog(std::move(state)));
}

EventLog::EventLog(std::unique_ptr<State> state) : state_(std::move(state)) {}

EventLog::~EventLog() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_one();
  state_->writer.join();
}

void EventLog::observe(Observer observer) {
  const std::lock_guard lock(state_->mutex);
  state_->observer = std::move(observer);
}

void EventLog::observe_notices(NoticeObserver observer) {
  const std::lock_guard lock(state_->mutex);
  state_->notice_observer = std::move(observer);
}

// The round under way may have begun before, so the end of the next one counts.
void EventLog::flush() {
  std::unique_lock lock(state_->mutex);
  const std::uint64_t wanted = state_->rounds + 2;
  state_->round_ended.wait(lock, [&] { return state_->rounds >= wanted; });
}

void EventLog::submit(TransactionRecord record) {
  const std::lock_guard lock(state_->mutex);
  if (state_->queue.size() >= state_->settings.queue) {
    state_->losing.store(true, std::memory_order_relaxed);
    state_->lost.add();
    return;
  }
  state_->queue.push_back(std::move(record));
}

void EventLog::submit(const Notice& notice) {
  const std::lock_guard lock(state_->mutex);
  if (state_->notices.size() >= state_->settings.queue) {
    state_->losing.store(true, std::memory_order_relaxed);
    state_->lost.add();
    return;
  }
  state_->notices.push_back(notice);
}

bool EventLog::accepting() const {
  return state_->settings.on_full != "refuse" || !state_->losing.load(std::memory_order_relaxed);
}

void EventLog::reopen() { state_->reopen.store(true); }

void EventLog::State::run() {
  for (;;) {
    bool last = false;
    {
      std::unique_lock lock(mutex);
      wake.wait_for(lock, kBatch, [this] { return stopping; });
      last = stopping;
    }
    if (reopen.exchange(false)) output->reopen();
    const bool told = write_notices();
    const auto batch = take();
    if (!batch.empty()) {
      write(batch);
    } else if (told) {
      // the disk took it, or was said to be full
    } else if (losing.load(std::memory_order_relaxed)) {
      // Nothing comes in because nothing is let in: try whether there is room again.
      if (output->write("")) losing.store(false, std::memory_order_relaxed);
    }
    {
      const std::lock_guard lock(mutex);
      ++rounds;
    }
    round_ended.notify_all();
    if (last) return;
  }
}

std::vector<TransactionRecord> EventLog::State::take() {
  std::vector<TransactionRecord> batch;
  const std::lock_guard lock(mutex);
  batch.swap(queue);
  return batch;
}

bool EventLog::State::write_notices() {
  std::vector<Notice> some;
  NoticeObserver sees;
  {
    const std::lock_guard lock(mutex);
    some.swap(notices);
    sees = notice_observer;
  }
  for (const Notice& notice : some) {
    if (sees) sees(notice);
    write_lines(event_line(format, notice) + '\n', 1);
  }
  return !some.empty();
}

void EventLog::State::write(const std::vector<TransactionRecord>& batch) {
  std::string lines;
  std::uint64_t count = 0;
  Observer sees;
  {
    const std::lock_guard lock(mutex);
    sees = observer;
  }
  for (const TransactionRecord& record : batch) {
    if (sees) sees(record);
    lines += event_line(format, record);
    lines += '\n';
    ++count;
    if (lines.size() < kWriteBytes) continue;
    write_lines(lines, count);
    lines.clear();
    count = 0;
  }
  if (count > 0) write_lines(lines, count);
}

void EventLog::State::write_lines(const std::string& lines, std::uint64_t count) {
  const auto done = output->write(lines);
  if (done) {
    written.add(count);
    losing.store(false, std::memory_order_relaxed);
    return;
  }
  lost.add(count);
  losing.store(true, std::memory_order_relaxed);
  if (clock.steady() - complained < kComplainEvery && complained != SteadyTime{}) return;
  complained = clock.steady();
  log.error("events", "events are being lost", {{"problem", done.error().what}});
}

}  // namespace weir
