#include "proxy/net/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "proxy/net/deadline.h"

namespace weir {
namespace {

// Buffers kept for the next borrower; more than this at once are simply freed on return.
constexpr std::size_t kKeptBuffers = 64;

}  // namespace

// The context goes first: dropping what is suspended on it gives back buffers and deadlines.
struct Loop::State {
  explicit State(const Clock& clock) : deadlines(clock) {
    deadlines.on_first_armed([this] { start_ticking(); });
    context.emplace(1);
    timer.emplace(*context);
  }

  void start_ticking() {
    if (ticking || !timer) return;
    ticking = true;
    next_tick();
  }

  void next_tick() {
    timer->expires_after(DeadlineQueue::kTick);
    timer->async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      deadlines.tick();
      if (deadlines.armed() > 0) return next_tick();
      ticking = false;
    });
  }

  std::vector<std::unique_ptr<std::uint8_t[]>> kept;
  DeadlineQueue deadlines;
  Suspender* suspenders = nullptr;
  bool ticking = false;
  std::optional<boost::asio::io_context> context;
  std::optional<boost::asio::steady_timer> timer;
};

Loop::Loop(const Clock& clock) : clock_(clock), state_(std::make_unique<State>(clock)) {}

Loop::~Loop() {
  for (Suspender* each = state_->suspenders; each != nullptr; each = each->next_) each->drop();
  state_->timer.reset();
  state_->context.reset();
  while (state_->suspenders != nullptr) {
    Suspender* orphan = state_->suspenders;
    state_->suspenders = orphan->next_;
    orphan->loop_ = nullptr;
  }
}

boost::asio::io_context& Loop::context() { return *state_->context; }
DeadlineQueue& Loop::deadlines() { return state_->deadlines; }

void Loop::run() {
  {
    const auto guard = boost::asio::make_work_guard(context());
    context().run();
  }
  context().restart();  // the guard's end stops a context without work
}

void Loop::stop() { context().stop(); }

void Loop::post(std::move_only_function<void()> work) {
  boost::asio::post(context(), [work = std::move(work)]() mutable { work(); });
}

LoanedBuffer Loop::borrow() {
  LoanedBuffer buffer;
  buffer.loop_ = this;
  if (state_->kept.empty()) {
    buffer.block_ = std::make_unique_for_overwrite<std::uint8_t[]>(kBufferBytes);
  } else {
    buffer.block_ = std::move(state_->kept.back());
    state_->kept.pop_back();
  }
  return buffer;
}

LoanedBuffer::LoanedBuffer(LoanedBuffer&& other) noexcept
    : loop_(other.loop_), block_(std::move(other.block_)) {}

LoanedBuffer& LoanedBuffer::operator=(LoanedBuffer&& other) noexcept {
  if (this == &other) return *this;
  release();
  loop_ = other.loop_;
  block_ = std::move(other.block_);
  return *this;
}

LoanedBuffer::~LoanedBuffer() { release(); }

MutableBytes LoanedBuffer::bytes() const { return {block_.get(), block_ ? Loop::kBufferBytes : 0}; }

void LoanedBuffer::release() {
  if (!block_) return;
  auto& kept = loop_->state_->kept;
  if (kept.size() < kKeptBuffers) {
    kept.push_back(std::move(block_));
  } else {
    block_.reset();
  }
}

Suspender::Suspender(Loop& loop) : loop_(&loop), next_(loop.state_->suspenders) {
  if (next_ != nullptr) next_->previous_ = this;
  loop.state_->suspenders = this;
}

Suspender::~Suspender() {
  if (loop_ == nullptr) return;
  (previous_ != nullptr ? previous_->next_ : loop_->state_->suspenders) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

}  // namespace weir
