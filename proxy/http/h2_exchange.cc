#include "proxy/http/h2_exchange.h"

#include <utility>

#include "proxy/net/loop.h"

namespace weir {

H2Exchange::H2Exchange(std::shared_ptr<H2Link> link, std::shared_ptr<H2Stream> stream, Fault peer)
    : link_(std::move(link)), stream_(std::move(stream)), peer_(peer) {
  stream_->watcher = this;
}

H2Exchange::~H2Exchange() {
  link_->session().detach(*stream_);
  link_->wake();
}

void H2Exchange::stream_changed() {
  if (input_ && input_->has_waiter() && input_ready()) input_->notify();
  if (room_ && room_->has_waiter() && room_ready()) room_->notify();
  if (!gone() || !on_gone_) return;
  // May end the exchange's fetch, and may set another callback; not run twice.
  auto callback = std::exchange(on_gone_, {});
  callback();
}

bool H2Exchange::gone() const { return stream_->error && !stream_->given_up && !stream_->end_sent; }

void H2Exchange::on_gone(std::move_only_function<void()> callback) {
  on_gone_ = std::move(callback);
  if (!on_gone_ || !gone()) return;
  link_->loop().post([stream = stream_] {
    if (stream->watcher != nullptr) stream->watcher->stream_changed();
  });
}

bool H2Exchange::input_ready() const {
  return !stream_->inbox.empty() || !stream_->heads.empty() || stream_->ended || stream_->closed ||
         stream_->error;
}

bool H2Exchange::room_ready() const {
  if (stream_->closed || stream_->error) return true;
  return !stream_->outbox.borrowing() && stream_->outbox.size() < H2Outbox::kHigh;
}

Co<Result<void>> H2Exchange::wait_for_input(Duration limit) {
  if (!input_) input_.emplace(link_->loop());
  auto woken = co_await input_->wait(limit);
  if (woken || input_ready()) co_return Result<void>{};
  co_return fail(Errc::timeout, peer_, "HTTP/2: nothing came in time");
}

Co<Result<void>> H2Exchange::wait_for_room(Duration limit) {
  if (!room_) room_.emplace(link_->loop());
  while (!room_ready()) {
    stream_->room_wanted = true;
    const std::size_t before = stream_->outbox.size();
    auto woken = co_await room_->wait(limit);
    stream_->room_wanted = false;
    if (woken || room_ready() || stream_->outbox.size() < before) continue;
    stream_->outbox.forget_borrowed();
    co_return fail(Errc::timeout, peer_, "HTTP/2: the peer takes nothing");
  }
  co_return Result<void>{};
}

void H2Exchange::give_back() {
  if (handed_out_ == 0) return;
  link_->session().consumed(*stream_, std::exchange(handed_out_, 0));
  link_->wake();
}

Co<Result<BodyPiece>> H2Exchange::read_body(Duration limit) {
  give_back();
  for (;;) {
    if (stream_->given_up) co_return std::unexpected(*stream_->error);
    const ByteView piece = stream_->inbox.take();
    if (!piece.empty()) {
      handed_out_ = piece.size();
      bytes_in_ += piece.size();
      co_return BodyPiece(piece);
    }
    if (stream_->ended) co_return BodyPiece{};
    if (stream_->error) co_return std::unexpected(*stream_->error);
    if (auto came = co_await wait_for_input(limit); !came) co_return pass(std::move(came));
  }
}

Co<Result<ResponseHead>> H2Exchange::read_head(Duration limit) {
  for (;;) {
    if (stream_->given_up) co_return std::unexpected(*stream_->error);
    if (!stream_->heads.empty()) {
      ResponseHead head = std::move(stream_->heads.front());
      stream_->heads.erase(stream_->heads.begin());
      co_return head;
    }
    if (stream_->error) co_return std::unexpected(*stream_->error);
    if (stream_->final_head || stream_->closed) {
      co_return fail(Errc::internal, Fault::local, "read_head after the final head");
    }
    if (auto came = co_await wait_for_input(limit); !came) co_return pass(std::move(came));
  }
}

// A peer that has answered in full and ended the stream wants no more: closed, not broken.
Error H2Exchange::send_error() const {
  if (stream_->error) return *stream_->error;
  return {Errc::closed, peer_, false, "the peer wants no more of this message"};
}

Co<Result<void>> H2Exchange::send_body(ByteView piece, Duration limit) {
  if (piece.empty()) co_return Result<void>{};
  if (!stream_->head_submitted || stream_->send_ended) {
    if (stream_->error || stream_->closed) co_return std::unexpected(send_error());
    co_return fail(Errc::internal, Fault::local, "send_body outside of a body");
  }
  if (!room_ready()) {
    if (auto room = co_await wait_for_room(limit); !room) co_return room;
  }
  if (stream_->error || stream_->closed) co_return std::unexpected(send_error());
  bytes_out_ += piece.size();
  const bool small = piece.size() <= H2Outbox::kCopied;
  if (small) {
    stream_->outbox.append(piece);
  } else {
    stream_->outbox.borrow(piece);
  }
  link_->session().resume(*stream_);
  link_->wake();
  if (small) co_return Result<void>{};
  if (auto gone_out = co_await wait_for_room(limit); !gone_out) co_return gone_out;
  if (stream_->error || stream_->closed) co_return std::unexpected(send_error());
  co_return Result<void>{};
}

Result<void> H2Exchange::send_end(const Fields& trailers) {
  if (stream_->error) return std::unexpected(*stream_->error);
  if (stream_->send_ended) return {};  // the head said it all
  if (stream_->closed) return std::unexpected(send_error());
  if (!stream_->head_submitted) return fail(Errc::internal, Fault::local, "send_end before a head");
  stream_->own_trailers = trailers;
  stream_->send_ended = true;
  link_->session().resume(*stream_);
  link_->wake();
  return {};
}

void H2Exchange::reset(H2Code code) {
  link_->session().reset(*stream_, code);
  if (input_) input_->notify();
  if (room_) room_->notify();
  link_->wake();
}

}  // namespace weir
