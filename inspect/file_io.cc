#include "inspect/file_io.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "inspect/wakeup.h"

namespace weir {

struct FileIo::Queue {
  using Task = std::move_only_function<void()>;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Task> waiting;
  std::size_t most_waiting = 0;
  bool ending = false;
  std::vector<std::thread> threads;

  bool push(Task task, bool always) {
    {
      const std::lock_guard lock(mutex);
      if (ending || (!always && waiting.size() >= most_waiting)) return false;
      waiting.push_back(std::move(task));
    }
    changed.notify_one();
    return true;
  }

  void serve() {
    for (;;) {
      Task task;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return ending || !waiting.empty(); });
        if (waiting.empty()) return;
        task = std::move(waiting.front());
        waiting.pop_front();
      }
      task();
    }
  }
};

namespace {

struct Job {
  FileIo::Work work;
  Result<std::size_t> result;
  Wakeup done;
};

}  // namespace

FileIo::FileIo(unsigned threads, std::size_t most_waiting) : queue_(std::make_shared<Queue>()) {
  queue_->most_waiting = most_waiting;
  for (unsigned i = 0; i < threads; ++i) {
    queue_->threads.emplace_back([queue = queue_.get()] { queue->serve(); });
  }
}

FileIo::~FileIo() {
  {
    const std::lock_guard lock(queue_->mutex);
    queue_->ending = true;
  }
  queue_->changed.notify_all();
  for (std::thread& thread : queue_->threads) thread.join();
}

Co<Result<std::size_t>> FileIo::run(Work work) {
  auto job = std::make_shared<Job>();
  job->work = std::move(work);
  const bool taken = queue_->push(
      [job] {
        job->result = job->work();
        job->work = nullptr;
        job->done.notify();
      },
      false);
  if (!taken) co_return fail(Errc::busy, Fault::local, "spool: too many file operations wait");
  co_await job->done.wait();
  co_return std::move(job->result);
}

std::shared_ptr<UniqueFd> FileIo::adopt(UniqueFd fd) {
  const auto close_apart = [weak = std::weak_ptr(queue_)](UniqueFd* held) {
    auto owned = std::shared_ptr<UniqueFd>(held);
    if (const auto queue = weak.lock()) (void)queue->push([last = std::move(owned)] {}, true);
  };
  return {std::make_unique<UniqueFd>(std::move(fd)).release(), close_apart};
}

}  // namespace weir
