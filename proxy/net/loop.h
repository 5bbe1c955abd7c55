// One event loop: an io_context with one thread, a coarse deadline queue and a pool of I/O buffers.
// Connections live and die on their loop; nothing in here is for other threads except post().
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "core/bytes.h"
#include "core/clock.h"

namespace boost::asio {
class io_context;
}

namespace weir {

class DeadlineQueue;

// A buffer on loan from its loop's pool; goes back when destroyed. Empty when default-made.
class LoanedBuffer {
 public:
  LoanedBuffer() = default;
  LoanedBuffer(LoanedBuffer&& other) noexcept;
  LoanedBuffer& operator=(LoanedBuffer&& other) noexcept;
  ~LoanedBuffer();
  MutableBytes bytes() const;
  explicit operator bool() const { return static_cast<bool>(block_); }
  void release();  // back to the pool now

 private:
  friend class Loop;
  class Loop* loop_ = nullptr;
  std::unique_ptr<std::uint8_t[]> block_;
};

// Something that suspends coroutines outside Asio's own queues. The loop knows all of them, so that
// what is still suspended when the loop goes is dropped with it and not leaked.
class Suspender {
 public:
  explicit Suspender(class Loop& loop);
  virtual ~Suspender();
  Suspender(const Suspender&) = delete;
  Suspender& operator=(const Suspender&) = delete;

 protected:
  virtual void drop() = 0;  // gives up the suspended coroutine, if any

 private:
  friend class Loop;
  class Loop* loop_;
  Suspender* previous_ = nullptr;
  Suspender* next_ = nullptr;
};

class Loop {
 public:
  static constexpr std::size_t kBufferBytes = 64 * 1024;

  explicit Loop(const Clock& clock);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  boost::asio::io_context& context();
  const Clock& clock() const { return clock_; }
  DeadlineQueue& deadlines();
  LoanedBuffer borrow();

  void run();                                       // on the calling thread, until stop()
  void stop();                                      // any thread
  void post(std::move_only_function<void()> work);  // any thread: runs `work` on the loop

 private:
  friend class LoanedBuffer;
  friend class Suspender;
  struct State;
  const Clock& clock_;
  std::unique_ptr<State> state_;
};

}  // namespace weir
