// Deadlines by the thousand at almost no cost: a queue per loop, checked every 50 ms by one timer.
// Arming and disarming are O(1). A deadline fires at most once per arm, up to one tick late.
// Loop thread only.
#pragma once

#include <functional>
#include <memory>

#include "core/clock.h"

namespace weir {

class DeadlineQueue;

// Owned by what waits. Destroying it disarms it.
class Deadline {
 public:
  Deadline(DeadlineQueue& queue, std::move_only_function<void()> on_expiry);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void arm(Duration after);  // replaces an earlier one; more than a year is a year
  void disarm();
  bool armed() const { return slot_ != nullptr; }

 private:
  friend class DeadlineQueue;
  DeadlineQueue& queue_;
  std::move_only_function<void()> on_expiry_;
  SteadyTime due_{};
  Deadline* previous_ = nullptr;
  Deadline* next_ = nullptr;
  void* slot_ = nullptr;  // the wheel slot that links us
};

// A hashed timing wheel. tick() is called by the loop's timer; tests call it with a manual clock.
class DeadlineQueue {
 public:
  static constexpr Duration kTick = std::chrono::milliseconds(50);
  explicit DeadlineQueue(const Clock& clock);
  ~DeadlineQueue();
  void tick();  // fires everything that is due
  std::size_t armed() const { return armed_; }
  // Called whenever the queue stops being empty: whoever ticks may rest until then.
  void on_first_armed(std::move_only_function<void()> wake) { wake_ = std::move(wake); }

 private:
  friend class Deadline;
  struct Slot {
    Deadline* head = nullptr;
  };
  static constexpr std::size_t kSlots = 1024;
  void link(Deadline& deadline, SteadyTime due);
  void unlink(Deadline& deadline);
  static void push(Slot& slot, Deadline& deadline);
  void collect(Slot& slot, SteadyTime now, Slot& expired);

  const Clock& clock_;
  std::unique_ptr<Slot[]> slots_;
  SteadyTime last_;
  std::size_t armed_ = 0;
  std::move_only_function<void()> wake_;
};

}  // namespace weir
