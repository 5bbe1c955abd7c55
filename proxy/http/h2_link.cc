#include "proxy/http/h2_link.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "proxy/net/loop.h"

namespace weir {
namespace {

constexpr std::size_t kTurnBytes = 256 * 1024;  // then others have the loop
constexpr Duration kForever = std::chrono::hours(1);
constexpr Duration kLastWords = std::chrono::seconds(5);  // to write a GOAWAY that says why

}  // namespace

H2Link::H2Link(Loop& loop, std::unique_ptr<ByteStream> stream, H2Role role,
               const LimitSettings& limits, H2LinkOptions options)
    : loop_(loop),
      stream_(std::move(stream)),
      options_(options),
      peer_fault_(role == H2Role::server ? Fault::client : Fault::origin),
      session_(role, limits, loop.clock(), *this),
      output_(loop),
      last_activity_(loop.clock().steady()) {}

void H2Link::wake() {
  if (session_.wants_write() || session_.done()) output_.notify();
}

void H2Link::on_request(std::shared_ptr<H2Stream> stream) {
  if (request_handler) return request_handler(std::move(stream));
  session_.reset(*stream, H2Code::refused_stream);
}

void H2Link::on_peer_changed() {
  if (peer_handler) peer_handler();
}

void H2Link::on_refused(const Error& why, int status) {
  if (refused_handler) refused_handler(why, status);
}

void H2Link::drain() {
  session_.drain();
  wake();
}

void H2Link::end(Error why) {
  if (ended_ || closing_) return;
  session_.say_goodbye();
  session_.lose(why);
  finish(std::unexpected(std::move(why)));
}

// Nothing is read from here on; the writer writes what is queued, then closes.
void H2Link::finish(Result<void> outcome) {
  if (std::exchange(closing_, true)) return;
  outcome_ = std::move(outcome);
  output_.notify();
}

Co<void> H2Link::read_loop(std::shared_ptr<H2Link> link) {
  while (co_await link->read_turn()) {
    if (!co_await link->wait_for_bytes()) break;
  }
  link->request_handler = {};
  link->peer_handler = {};
  link->refused_handler = {};
}

Co<bool> H2Link::read_turn() {
  const LoanedBuffer buffer = loop_.borrow();
  std::size_t turn = 0;
  while (!closing_ && !ended_) {
    const auto step = stream_->try_read(buffer.bytes());
    if (!step) {
      session_.lose(step.error());
      finish(std::unexpected(step.error()));
      break;
    }
    if (step->bytes == 0 && !step->eof) co_return true;
    if (step->eof) {
      peer_ended();
      break;
    }
    if (!taken(ByteView(buffer.bytes()).first(step->bytes))) break;
    turn += step->bytes;
    if (turn < kTurnBytes) continue;
    turn = 0;
    co_await boost::asio::post(loop_.context(), boost::asio::use_awaitable);
  }
  co_return false;
}

bool H2Link::taken(ByteView bytes) {
  last_activity_ = loop_.clock().steady();
  auto fed = session_.feed(bytes);
  if (!session_.head_pending()) {
    head_since_.reset();
  } else if (!head_since_) {
    head_since_ = last_activity_;
  }
  wake();
  if (!fed) finish(std::move(fed));
  return !closing_ && !ended_;
}

void H2Link::peer_ended() {
  const bool idle = session_.streams() == 0;
  const Error gone{idle ? Errc::closed : Errc::truncated, peer_fault_, false,
                   "the HTTP/2 peer closed the connection"};
  session_.lose(gone);
  finish(idle ? Result<void>{} : std::unexpected(gone));
}

Duration H2Link::read_limit() {
  const SteadyTime now = loop_.clock().steady();
  if (session_.head_pending() && !head_since_) head_since_ = now;
  if (!head_since_ && session_.streams() > 0) return options_.idle;
  const Duration left =
      head_since_ ? *head_since_ + options_.head - now : last_activity_ + options_.idle - now;
  return std::max(left, Duration{0});
}

Co<bool> H2Link::wait_for_bytes() {
  while (!closing_ && !ended_) {
    auto ready = co_await stream_->wait(Wait::readable, read_limit());
    if (ready) co_return true;
    if (closing_ || ended_) co_return false;
    if (ready.error().code != Errc::timeout) {
      session_.lose(ready.error());
      finish(std::move(ready));
    } else {
      waited_too_long();
    }
  }
  co_return false;
}

// Quiet is fine while an exchange runs: it has its own deadlines. A head that does not come to its
// end holds up the whole connection.
void H2Link::waited_too_long() {
  if (read_limit() > Duration{0}) return;
  if (head_since_) {
    return end({Errc::timeout, peer_fault_, false, "HTTP/2: a head that does not end"});
  }
  session_.say_goodbye();
  session_.lose({Errc::timeout, peer_fault_, true, "HTTP/2: idle"});
  finish({});
}

Co<void> H2Link::write_loop(std::shared_ptr<H2Link> link) {
  LoanedBuffer buffer;
  while (!link->ended_) {
    if (!buffer) buffer = link->loop_.borrow();
    const std::size_t size = link->session_.pull(buffer.bytes());
    if (size > 0) {
      link->last_activity_ = link->loop_.clock().steady();
      if (!co_await link->write_all(ByteView(buffer.bytes()).first(size))) break;
      continue;
    }
    buffer.release();
    if (const auto& error = link->session_.error(); error && !link->closing_) {
      link->finish(std::unexpected(*error));  // found while writing
    }
    if (link->closing_ || link->session_.done()) break;
    (void)co_await link->output_.wait(kForever);
  }
  link->session_.lose({Errc::closed, link->peer_fault_, true, "the HTTP/2 connection ended"});
  link->closing_ = link->ended_ = true;
  link->stream_->shutdown_write();
  link->stream_->close(false);
}

Co<bool> H2Link::write_all(ByteView bytes) {
  while (!bytes.empty()) {
    const auto step = stream_->try_write(bytes);
    std::optional<Error> failed;
    if (!step) {
      failed = step.error();
    } else {
      bytes = bytes.subspan(step->bytes);
      if (step->wait == Wait::none) continue;
      const Duration limit = closing_ ? std::min(options_.write, kLastWords) : options_.write;
      if (auto ready = co_await stream_->wait(step->wait, limit); !ready) failed = ready.error();
    }
    if (!failed) continue;
    session_.lose(*failed);
    finish(std::unexpected(*failed));
    ended_ = true;
    co_return false;
  }
  co_return true;
}

}  // namespace weir
