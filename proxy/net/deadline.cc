#include "proxy/net/deadline.h"

#include <algorithm>
#include <utility>

namespace weir {
namespace {

constexpr Duration kLongest = std::chrono::hours(24 * 365);

// Whole ticks since the clock's epoch, rounded up: a deadline is never early.
std::int64_t tick_of(SteadyTime at) {
  const auto since = at.time_since_epoch();
  return (since + DeadlineQueue::kTick - Duration(1)) / DeadlineQueue::kTick;
}

std::int64_t ticks_passed(SteadyTime at) { return at.time_since_epoch() / DeadlineQueue::kTick; }

}  // namespace

Deadline::Deadline(DeadlineQueue& queue, std::move_only_function<void()> on_expiry)
    : queue_(queue), on_expiry_(std::move(on_expiry)) {}

Deadline::~Deadline() { disarm(); }

void Deadline::arm(Duration after) {
  disarm();
  queue_.link(*this, queue_.clock_.steady() + std::clamp(after, Duration(0), kLongest));
}

void Deadline::disarm() {
  if (armed()) queue_.unlink(*this);
}

DeadlineQueue::DeadlineQueue(const Clock& clock)
    : clock_(clock), slots_(std::make_unique<Slot[]>(kSlots)), last_(clock.steady()) {}

DeadlineQueue::~DeadlineQueue() = default;

void DeadlineQueue::push(Slot& slot, Deadline& deadline) {
  deadline.previous_ = nullptr;
  deadline.next_ = slot.head;
  if (slot.head != nullptr) slot.head->previous_ = &deadline;
  slot.head = &deadline;
  deadline.slot_ = &slot;
}

void DeadlineQueue::link(Deadline& deadline, SteadyTime due) {
  const bool first = armed_ == 0;
  if (first) last_ = clock_.steady();
  deadline.due_ = due;
  // A slot that has been visited already would come round only after a whole turn.
  const auto tick = std::max(tick_of(due), ticks_passed(last_) + 1);
  push(slots_[static_cast<std::size_t>(tick) % kSlots], deadline);
  ++armed_;
  if (first && wake_) wake_();
}

void DeadlineQueue::unlink(Deadline& deadline) {
  auto& slot = *static_cast<Slot*>(deadline.slot_);
  (deadline.previous_ != nullptr ? deadline.previous_->next_ : slot.head) = deadline.next_;
  if (deadline.next_ != nullptr) deadline.next_->previous_ = deadline.previous_;
  deadline.previous_ = deadline.next_ = nullptr;
  deadline.slot_ = nullptr;
  --armed_;
}

void DeadlineQueue::collect(Slot& slot, SteadyTime now, Slot& expired) {
  for (Deadline* each = slot.head; each != nullptr;) {
    Deadline* next = each->next_;
    if (each->due_ <= now) {
      unlink(*each);
      push(expired, *each);
      ++armed_;
    }
    each = next;
  }
}

void DeadlineQueue::tick() {
  const SteadyTime now = clock_.steady();
  const std::int64_t from = ticks_passed(last_) + 1;
  const std::int64_t to = ticks_passed(now);
  last_ = now;
  // Expired ones stay linked until their turn, so that a callback may disarm or destroy any other.
  Slot expired;
  const std::int64_t turns = std::min<std::int64_t>(to - from + 1, kSlots);
  for (std::int64_t i = 0; i < turns; ++i) {
    collect(slots_[static_cast<std::size_t>(from + i) % kSlots], now, expired);
  }
  while (expired.head != nullptr) {
    Deadline& due = *expired.head;
    unlink(due);
    due.on_expiry_();
  }
}

}  // namespace weir
