#include "proxy/http/h1_link.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <utility>

#include "proxy/net/loop.h"

namespace weir {
namespace {

constexpr std::size_t kCoalesced = 16 * 1024;  // so much of a body goes with what is before it
constexpr std::size_t kKept = 4 * 1024;        // capacity that an idle connection may keep
constexpr Duration kLookOut = std::chrono::hours(1);

}  // namespace

H1Link::H1Link(Loop& loop, std::unique_ptr<ByteStream> stream, std::string initial,
               const LimitSettings& limits, Fault peer)
    : input(loop, std::move(initial), limits.header_bytes),
      loop_(loop),
      stream_(std::move(stream)),
      peer_(peer) {}

H1Link::~H1Link() = default;

// Whose fault it is, the stream below cannot always know.
Error H1Link::blame(Error error) const {
  const std::string_view who = peer_ == Fault::client ? "the client" : "the origin";
  if (error.code == Errc::timeout) error.what = std::string(who) + " took too long";
  if (error.code != Errc::cancelled) error.fault = peer_;
  error.retryable = false;
  return error;
}

Error H1Link::note(std::optional<Error>& slot, Error error) {
  error = blame(std::move(error));
  if (error.code != Errc::timeout && !slot) {
    slot = error;
    tell_end();
  }
  return error;
}

void H1Link::tell_end() {
  if (on_end_) on_end_();
}

Co<Result<bool>> H1Link::more(Duration limit, bool idle) {
  if (reading_ || (arrived_ && arrived_->has_waiter())) {
    co_return fail(Errc::busy, Fault::local, "HTTP/1: somebody else is reading");
  }
  const SteadyTime until = loop_.clock().steady() + limit;
  Duration left = limit;
  for (bool first = true;; first = false) {
    if (read_error_) co_return std::unexpected(*read_error_);
    if (ended_) co_return false;
    if (!first) left = std::max(until - loop_.clock().steady(), Duration::zero());
    if (watching_) {
      const std::uint64_t before = input.received();
      auto woken = co_await arrived_->wait(left);
      if (input.received() != before) co_return true;
      if (!woken) co_return std::unexpected(blame(std::move(woken).error()));
      continue;
    }
    Wait wanted = Wait::readable;
    if (!idle || !first) {
      auto step = input.fill(*stream_, true);
      if (!step) co_return std::unexpected(note(read_error_, std::move(step).error()));
      if (step->bytes > 0) co_return true;
      if (step->eof) {
        ended_ = true;
        tell_end();
        co_return false;
      }
      wanted = step->wait;
    }
    input.release_if_empty();
    reading_ = true;
    auto ready = co_await stream_->wait(wanted, left);
    reading_ = false;
    if (!ready) co_return std::unexpected(note(read_error_, std::move(ready).error()));
  }
}

void H1Link::watch(std::shared_ptr<H1Link> link) {
  if (link->watching_ || link->reading_ || link->ended_ || link->read_error_ || !link->is_open() ||
      !link->input.has_room()) {
    return;
  }
  link->watching_ = true;
  if (!link->arrived_) link->arrived_.emplace(link->loop_);
  auto& context = link->loop_.context();
  boost::asio::co_spawn(context, look_out(std::move(link)), boost::asio::detached);
}

Co<void> H1Link::look_out(std::shared_ptr<H1Link> link) {
  for (bool looking = link->is_open(); looking;) {
    link->input.release_if_empty();
    auto ready = co_await link->stream_->wait(Wait::readable, kLookOut);
    if (ready) {
      looking = link->take_in();
    } else if (ready.error().code != Errc::timeout) {
      link->note(link->read_error_, std::move(ready).error());
      looking = false;
    }
  }
  link->watching_ = false;
  if (link->arrived_->has_waiter()) link->arrived_->notify();
}

bool H1Link::take_in() {
  auto step = input.fill(*stream_, false);
  if (!step) {
    note(read_error_, std::move(step).error());
    return false;
  }
  if (step->eof) {
    ended_ = true;
    tell_end();
    return false;
  }
  const bool awaited = step->bytes > 0 && arrived_->has_waiter();
  return !awaited && input.has_room();
}

bool H1Link::quiet() {
  if (!is_open() || ended_ || broken() || watching_ || reading_ || !input.empty()) return false;
  auto step = input.fill(*stream_, true);
  const bool nothing = step && step->bytes == 0 && !step->eof;
  input.release_if_empty();
  return nothing;
}

// At most two write: who sends a body, and who reads and has a word to send before.
Co<Result<void>> H1Link::begin_writing(Duration limit) {
  while (writing_) {
    if (!turn_) turn_.emplace(loop_);
    auto woken = co_await turn_->wait(limit);
    if (!woken && writing_) co_return std::unexpected(blame(std::move(woken).error()));
  }
  writing_ = true;
  co_return Result<void>{};
}

Co<Result<void>> H1Link::write(ByteView piece, Duration limit) {
  if (writing_) {
    if (auto turn = co_await begin_writing(limit); !turn) co_return turn;
  }
  writing_ = true;
  current_.clear();
  current_.swap(pending_);
  if (!current_.empty() && current_.size() < kCoalesced) {
    const std::size_t taken = std::min(piece.size(), kCoalesced - current_.size());
    current_.append(as_text(piece.first(taken)));
    piece = piece.subspan(taken);
  }
  Result<void> sent;
  for (const ByteView part : {as_bytes(current_), piece}) {
    ByteView rest = part;
    if (auto now = push(rest); !now) sent = pass(std::move(now));
    if (sent && !rest.empty()) sent = co_await write_all(rest, limit);
    if (!sent) break;
  }
  writing_ = false;
  if (turn_ && turn_->has_waiter()) turn_->notify();
  co_return sent;
}

// Writes what can be written now and takes it off `bytes`; the answer says what the rest waits for.
Result<Wait> H1Link::push(ByteView& bytes) {
  while (!bytes.empty()) {
    if (write_error_) return std::unexpected(*write_error_);
    if (!stream_) return fail(Errc::cancelled, Fault::local, "HTTP/1: the connection is gone");
    auto step = stream_->try_write(bytes);
    if (!step) return std::unexpected(note(write_error_, std::move(step).error()));
    bytes = bytes.subspan(step->bytes);
    sent_ += step->bytes;
    if (step->wait != Wait::none) return step->wait;
  }
  return Wait::none;
}

Co<Result<void>> H1Link::write_all(ByteView bytes, Duration limit) {
  Wait wanted = Wait::writable;
  for (;;) {
    auto ready = co_await stream_->wait(wanted, limit);
    if (!ready) {
      Error error = note(write_error_, std::move(ready).error());
      write_error_ = error;  // after a time-out too: half a piece may have gone
      co_return std::unexpected(std::move(error));
    }
    auto more = push(bytes);
    if (!more) co_return pass(std::move(more));
    if (bytes.empty()) co_return Result<void>{};
    wanted = *more;
  }
}

void H1Link::shutdown_write() {
  if (is_open() && !write_error_) stream_->shutdown_write();
}

void H1Link::close(bool abrupt) {
  pending_.clear();
  if (stream_) stream_->close(abrupt);
  if (arrived_ && arrived_->has_waiter()) arrived_->notify();
}

std::unique_ptr<ByteStream> H1Link::take_stream() { return std::move(stream_); }

void H1Link::release_idle() {
  input.release_if_empty();
  current_.clear();
  for (std::string* buffer : {&pending_, &current_}) {
    if (buffer->empty() && buffer->capacity() > kKept) buffer->shrink_to_fit();
  }
}

}  // namespace weir
