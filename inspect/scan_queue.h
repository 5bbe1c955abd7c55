// Files that wait for a scan worker. Private to the scan pool and its thread, but for ScanTask,
// which the pool shares with the coroutine that waits for its answer.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "core/clock.h"
#include "inspect/scan_outcome.h"
#include "inspect/scan_pool.h"
#include "inspect/wakeup.h"

namespace weir {

struct ScanTask {
  ScanRequest request;
  SteadyTime asked{}, deadline{};
  unsigned tries = 0;
  ScanOutcome outcome;  // written before `done`, read after it
  Wakeup done;
};

// The duty to answer a task exactly once. Dropped unanswered, it says engine-down.
class ScanTicket {
 public:
  explicit ScanTicket(std::shared_ptr<ScanTask> task) : task_(std::move(task)) {}
  ScanTicket(ScanTicket&&) noexcept = default;
  ScanTicket& operator=(ScanTicket&& other) noexcept {
    std::swap(task_, other.task_);
    return *this;
  }
  ~ScanTicket() {
    if (task_) answer(failed_scan(Reason::engine_down));
  }

  ScanTask& task() const { return *task_; }
  void answer(ScanOutcome outcome) {
    task_->outcome = std::move(outcome);
    task_->done.notify();
    task_.reset();
  }

 private:
  std::shared_ptr<ScanTask> task_;
};

class ScanQueue {
 public:
  explicit ScanQueue(std::size_t most) : most_(most) {}

  bool full() const { return waiting_.size() >= most_; }
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  const ScanTask& front() const { return waiting_.front().task(); }
  void push(ScanTicket ticket) { waiting_.push_back(std::move(ticket)); }
  void push_first(ScanTicket ticket) {
    waiting_.push_front(std::move(ticket));
  }  // beyond the bound
  ScanTicket pop() {
    ScanTicket ticket = std::move(waiting_.front());
    waiting_.pop_front();
    return ticket;
  }

  std::optional<SteadyTime> next_deadline() const {
    std::optional<SteadyTime> next;
    for (const ScanTicket& ticket : waiting_) {
      if (!next || ticket.task().deadline < *next) next = ticket.task().deadline;
    }
    return next;
  }
  // Answers all whose time is up; says how many.
  std::size_t expire(SteadyTime now, Reason reason) {
    std::deque<ScanTicket> rest;
    std::size_t expired = 0;
    for (ScanTicket& ticket : waiting_) {
      if (ticket.task().deadline > now) {
        rest.push_back(std::move(ticket));
        continue;
      }
      ScanOutcome outcome = failed_scan(reason);
      outcome.queued = now - ticket.task().asked;
      ticket.answer(std::move(outcome));
      ++expired;
    }
    waiting_.swap(rest);
    return expired;
  }

 private:
  std::size_t most_;
  std::deque<ScanTicket> waiting_;
};

}  // namespace weir
