#include "proxy/http/h1_client_stream.h"

#include <utility>

#include "proxy/net/loop.h"

namespace weir {

H1ClientStream::H1ClientStream(std::shared_ptr<H1ClientState> state, RequestHead request,
                               bool refused)
    : state_(std::move(state)), request_(std::move(request)), refused_(refused) {
  state_->in_exchange = true;
}

H1ClientStream::~H1ClientStream() {
  state_->on_gone = {};
  if (raw()) {
    // A tunnel goes on without us; an upgraded connection ends here.
    if (request_.method != "CONNECT") link().close(!raw_read_ended_ || !raw_write_ended_);
  } else if (!done_) {
    reset();
  }
  state_->in_exchange = false;
}

Co<Result<BodyPiece>> H1ClientStream::read_body() {
  auto piece = raw() ? co_await state_->read_raw() : co_await state_->read_body();
  if (!piece) co_return piece;
  if (*piece) {
    bytes_in_ += (*piece)->size();
  } else if (raw()) {
    raw_read_ended_ = true;
  } else {
    watch_if_wanted();
  }
  co_return piece;
}

const Fields& H1ClientStream::request_trailers() const {
  return state_->body ? state_->body->trailers() : no_trailers_;
}

Co<Result<void>> H1ClientStream::send_informational(const ResponseHead& head) {
  if (plan_ || request_.version == HttpVersion::h1_0) co_return Result<void>{};
  if (!head.informational() || head.status == 101) {
    co_return fail(Errc::internal, Fault::local, "HTTP/1: not an informational response");
  }
  if (head.status == 100 && !std::exchange(state_->invite_due, false)) co_return Result<void>{};
  if (!encode_h1(head, H1ResponsePlan{}, request_.version, link().pending())) {
    co_return fail(Errc::malformed, Fault::origin, "response-head: cannot be carried");
  }
  co_return co_await link().write({}, state_->timeouts.client_write);
}

Co<Result<void>> H1ClientStream::send_head(const ResponseHead& head) {
  if (plan_ || (head.informational() && head.status != 101)) {
    co_return fail(Errc::internal, Fault::local, "HTTP/1: a response head out of order");
  }
  if (given_up_) co_return fail(Errc::cancelled, Fault::local, "HTTP/1: the exchange was reset");
  // Whether a client that still waits for a 100 will send its body, nobody knows.
  const bool doubt = refused_ || state_->invite_due || state_->body_error;
  auto plan = plan_response(request_, head, state_->may_stay && !doubt);
  if (!encode_h1(head, plan, request_.version, link().pending())) {
    co_return fail(Errc::malformed, Fault::origin, "response-head: cannot be carried");
  }
  plan_ = plan;
  state_->invite_due = false;
  state_->may_stay = plan.keep_alive && !plan.raw;
  if (plan.body) {
    writer_.emplace(link(), plan.framing, state_->timeouts.client_write);
    co_return Result<void>{};
  }
  if (plan.raw) {
    state_->on_gone = {};  // from here on the end of one direction is not the end of the other
    co_return co_await flush();
  }
  co_return co_await finish({});
}

Co<Result<void>> H1ClientStream::flush() {
  if (link().pending().empty()) co_return Result<void>{};
  co_return co_await link().write({}, state_->timeouts.client_write);
}

Co<Result<void>> H1ClientStream::send_body(ByteView piece) {
  if (raw()) {
    if (raw_write_ended_)
      co_return fail(Errc::internal, Fault::local, "HTTP/1: sent after the end");
    raw_out_ += piece.size();
    co_return co_await link().write(piece, state_->timeouts.client_write);
  }
  if (piece.empty() || (plan_ && !plan_->body && request_.method == "HEAD")) {
    co_return Result<void>{};  // a page for a HEAD has a body that stays here
  }
  if (!writer_) co_return fail(Errc::internal, Fault::local, "HTTP/1: a body out of order");
  co_return co_await writer_->send(piece);
}

Co<Result<void>> H1ClientStream::send_end(const Fields& trailers) {
  if (raw()) co_return co_await end_raw();
  if (done_) co_return Result<void>{};
  if (!plan_) co_return fail(Errc::internal, Fault::local, "HTTP/1: an end without a head");
  co_return co_await finish(trailers);
}

Co<Result<void>> H1ClientStream::end_raw() {
  if (std::exchange(raw_write_ended_, true)) co_return Result<void>{};
  auto sent = co_await flush();
  link().shutdown_write();
  co_return sent;
}

Co<Result<void>> H1ClientStream::finish(const Fields& trailers) {
  auto sent = writer_ ? co_await writer_->finish(trailers) : co_await flush();
  if (!sent) co_return sent;
  if (given_up_) co_return fail(Errc::cancelled, Fault::local, "HTTP/1: the exchange was reset");
  done_ = true;
  state_->on_gone = {};
  if (!state_->may_stay) link().shutdown_write();
  if (refused_) co_await state_->linger();
  co_return Result<void>{};
}

// Short of its length or its last chunk a close is enough to show; an end by close needs a reset.
void H1ClientStream::reset() {
  state_->on_gone = {};
  state_->may_stay = false;
  if (std::exchange(given_up_, true) || done_) return;
  const bool framed = writer_ && writer_->framing().kind != Framing::Kind::until_close;
  link().close(plan_ && !framed);
}

bool H1ClientStream::can_show_truncation() const {
  if (writer_) return writer_->framing().kind != Framing::Kind::until_close;
  return request_.version != HttpVersion::h1_0;
}

void H1ClientStream::on_gone(std::move_only_function<void()> callback) {
  state_->on_gone = done_ || raw() ? nullptr : std::move(callback);
  if (gone()) return state_->notice_end();
  watch_if_wanted();
}

void H1ClientStream::watch_if_wanted() {
  if (!state_->on_gone || done_ || raw() || request_.method == "CONNECT") return;
  H1Link::watch(state_->link);
}

bool H1ClientStream::gone() const {
  if (done_ || given_up_ || raw()) return false;
  return link().peer_ended() || link().broken();
}

std::uint64_t H1ClientStream::bytes_out() const { return writer_ ? writer_->sent() : raw_out_; }

}  // namespace weir
