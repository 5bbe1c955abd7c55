#include "proxy/events/event_forwarder.h"

#include <algorithm>

#include "core/log.h"

namespace weir {
namespace {

constexpr std::size_t kBatch = 64 * 1024;
constexpr std::chrono::milliseconds kIdle{200};  // looks after the connection so often
constexpr auto kComplainEvery = std::chrono::seconds(60);

}  // namespace

EventForwarder::EventForwarder(std::unique_ptr<EventSpool> spool,
                               std::unique_ptr<EventOutput> target, Metrics& metrics, Log& log,
                               const Clock& clock, Timing timing)
    : spool_(std::move(spool)),
      target_(std::move(target)),
      sent_(metrics.counter("weir_events_sent_total", "Events sent to a server, again included.")),
      failures_(metrics.counter("weir_events_send_failures_total",
                                "Attempts to send events that failed.")),
      waiting_(metrics.gauge("weir_events_waiting_bytes", "Events that wait on disk to be sent.")),
      log_(log),
      clock_(clock),
      timing_(timing) {
  thread_ = std::thread([this] { run(); });
}

EventForwarder::~EventForwarder() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Result<void> EventForwarder::write(std::string_view lines) {
  if (auto kept = spool_->append(lines); !kept) return kept;
  {
    const std::lock_guard lock(mutex_);
    fresh_ = true;
  }
  wake_.notify_one();
  return {};
}

void EventForwarder::run() {
  do {
    settle();
    while (!stopping() && send_some()) settle();
  } while (wait(pause_.count() > 0 ? pause_ : kIdle));
  say_farewell();
}

bool EventForwarder::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

bool EventForwarder::wait(std::chrono::milliseconds time) {
  const bool failing = pause_.count() > 0;
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [&] { return stopping_ || (fresh_ && !failing); });
  fresh_ = false;
  return !stopping_;
}

void EventForwarder::say_farewell() {
  const auto end = clock_.steady() + timing_.farewell;
  while (clock_.steady() < end && send_some()) {
  }
  if (target_->fate() == Fate::arrived && pause_.count() == 0) spool_->confirm(spool_->place());
}

bool EventForwarder::send_some() {
  const auto lines = spool_->read(kBatch);
  if (!lines) complain(lines.error());
  if (!lines || lines->empty()) return false;
  const auto done = target_->write(*lines);
  if (done) {
    pause_ = {};
    sent_.add(static_cast<std::uint64_t>(std::ranges::count(*lines, '\n')));
    return true;
  }
  failures_.add();
  spool_->rewind();
  settling_.reset();
  pause_ = std::clamp(pause_ * 2, timing_.first_pause, timing_.longest_pause);
  complain(done.error());
  return false;
}

// A peer that dies may have acknowledged bytes that nobody read. So what was sent is forgotten only
// when the connection still lives some time later.
void EventForwarder::settle() {
  const Fate fate = target_->fate();
  if (fate == Fate::lost) {
    spool_->rewind();
    settling_.reset();
  } else if (settling_ && clock_.steady() - settling_->at >= timing_.settle) {
    spool_->confirm(settling_->place);
    settling_.reset();
  } else if (!settling_ && fate == Fate::arrived && spool_->unconfirmed()) {
    settling_ = Sent{spool_->place(), clock_.steady()};
  }
  waiting_.set(static_cast<std::int64_t>(spool_->waiting()));
}

void EventForwarder::complain(const Error& error) {
  if (clock_.steady() - complained_ < kComplainEvery && complained_ != SteadyTime{}) return;
  complained_ = clock_.steady();
  log_.warn("events", "events wait on disk: they cannot be sent", {{"problem", error.what}});
}

}  // namespace weir
