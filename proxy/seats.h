// A bounded number of seats, and a queue for them in order of arrival. A seat is given back when
// it is destroyed; whoever waits longest is then woken. Shared, because seats outlive their table
// when a loop ends. Loop thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "proxy/net/signal.h"

namespace weir {

class Seats {
 public:
  explicit Seats(std::size_t most) : most_(most) {}
  bool full() const { return taken_ >= most_; }
  std::size_t taken() const { return taken_; }
  bool awaited() const { return !queue_.empty(); }
  // Something that the first in the queue may want has come free.
  void wake_next() {
    if (!queue_.empty()) queue_.front()->notify();
  }

 private:
  friend class Seat;
  friend class PlaceInQueue;
  std::size_t most_;
  std::size_t taken_ = 0;
  std::deque<Signal*> queue_;
};

// Taken also when there is none free: who takes it has asked before.
class Seat {
 public:
  Seat() = default;
  explicit Seat(std::shared_ptr<Seats> of) : of_(std::move(of)) { ++of_->taken_; }
  Seat(Seat&& other) noexcept : of_(std::move(other.of_)) {}
  Seat& operator=(Seat&& other) noexcept {
    std::swap(of_, other.of_);
    return *this;
  }
  ~Seat() {
    if (!of_) return;
    --of_->taken_;
    of_->wake_next();
  }

 private:
  std::shared_ptr<Seats> of_;
};

// In the queue for as long as it lives, whatever ends the wait.
class PlaceInQueue {
 public:
  PlaceInQueue(std::shared_ptr<Seats> of, Signal& signal) : of_(std::move(of)), signal_(signal) {
    of_->queue_.push_back(&signal_);
  }
  PlaceInQueue(const PlaceInQueue&) = delete;
  PlaceInQueue& operator=(const PlaceInQueue&) = delete;
  ~PlaceInQueue() {
    std::erase(of_->queue_, &signal_);
    of_->wake_next();  // there may be more, or the wake-up came too late for us
  }

 private:
  std::shared_ptr<Seats> of_;
  Signal& signal_;
};

}  // namespace weir
