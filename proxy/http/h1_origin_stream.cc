#include "proxy/http/h1_origin_stream.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "proxy/http/field_rules.h"
#include "proxy/http/h1_encoder.h"
#include "proxy/net/loop.h"

namespace weir {
namespace {

OriginFacts facts_of_exchange(OriginFacts facts, std::uint64_t exchanges) {
  if (exchanges <= 1) return facts;
  facts.reused = true;
  facts.dns = facts.connect = facts.tls = {};
  return facts;
}

}  // namespace

H1OriginStream::H1OriginStream(std::shared_ptr<H1OriginState> state)
    : state_(std::move(state)),
      facts_(facts_of_exchange(state_->facts, ++state_->exchanges)),
      finder_(H1HeadFinder::Kind::response, state_->limits.header_bytes),
      received_before_(state_->link->input.received()),
      sent_before_(state_->link->sent()) {
  state_->busy = true;
}

H1OriginStream::~H1OriginStream() {
  link().input.consume(std::exchange(handed_out_, 0));
  if (!complete()) {
    const bool orderly = raw_ && raw_read_ended_ && raw_write_ended_;
    state_->may_stay = false;
    link().close(!orderly);
  } else if (!state_->may_stay) {
    link().close(false);
  } else {
    link().release_idle();
  }
  state_->busy = false;
  tell_done();
}

// The callback may destroy the connection, and with it what the state holds.
void H1OriginStream::tell_done() {
  auto callback = std::exchange(state_->on_done, {});
  if (!callback) return;
  callback();
  if (!state_->orphaned && !state_->on_done) state_->on_done = std::move(callback);
}

bool H1OriginStream::complete() const {
  return !raw_ && request_done_ && body_ && body_->complete() && !link().broken();
}

// Adds whether another try can do no harm.
Error H1OriginStream::judge(Error error) const {
  const bool lost = error.code == Errc::truncated || error.code == Errc::io ||
                    error.code == Errc::closed || error.code == Errc::refused;
  const bool repeatable = (facts_.reused || state_->rested) && is_idempotent(method_);
  const bool nothing_sent = link().sent() == sent_before_;
  const bool nothing_came = link().input.received() == received_before_;
  error.retryable = lost && nothing_came && (repeatable || nothing_sent);
  return error;
}

Co<Result<void>> H1OriginStream::send_head(const RequestHead& head) {
  if (head_sent_) co_return fail(Errc::internal, Fault::local, "HTTP/1: a second request head");
  if (!encode_h1(head, link().pending())) {
    co_return fail(Errc::malformed, Fault::client, "request-head: cannot be carried");
  }
  head_sent_ = true;
  method_ = head.method;
  upgrade_asked_ = !head.protocol.empty();
  const bool body = head.framing.kind == Framing::Kind::chunked || head.framing.length > 0;
  if (body) {
    writer_.emplace(link(), head.framing, write_limit());
    if (!head.expect_continue) co_return Result<void>{};  // leaves with the body's first piece
  }
  auto sent = co_await link().write({}, write_limit());
  if (!sent) co_return std::unexpected(judge(std::move(sent).error()));
  request_done_ = !body;
  co_return Result<void>{};
}

Co<Result<void>> H1OriginStream::send_body(ByteView piece) {
  Result<void> sent;
  if (raw_) {
    sent = co_await link().write(piece, state_->timeouts.stream_idle);
  } else if (writer_) {
    sent = co_await writer_->send(piece);
  } else if (!piece.empty()) {
    co_return fail(Errc::internal, Fault::local, "HTTP/1: a body out of order");
  }
  if (!sent) co_return std::unexpected(judge(std::move(sent).error()));
  co_return sent;
}

Co<Result<void>> H1OriginStream::send_end(const Fields& trailers) {
  if (raw_) {
    if (std::exchange(raw_write_ended_, true)) co_return Result<void>{};
    link().shutdown_write();
    co_return Result<void>{};
  }
  if (!head_sent_) co_return fail(Errc::internal, Fault::local, "HTTP/1: an end without a head");
  if (writer_) {
    auto sent = co_await writer_->finish(trailers);
    if (!sent) co_return std::unexpected(judge(std::move(sent).error()));
  }
  request_done_ = true;
  co_return Result<void>{};
}

// The head waits for the first piece of its body, but not longer than one turn of the loop: a body
// may be long in coming, and its origin may answer before.
Co<Result<void>> H1OriginStream::send_waiting_head() {
  if (link().pending().empty()) co_return Result<void>{};
  co_await boost::asio::post(link().loop().context(), boost::asio::use_awaitable);
  if (link().pending().empty() || link().writing()) co_return Result<void>{};
  co_return co_await link().write({}, write_limit());
}

Co<Result<ResponseHead>> H1OriginStream::read_head(Duration limit) {
  if (!head_sent_ || body_ || raw_) {
    co_return fail(Errc::internal, Fault::local, "HTTP/1: no response head is due");
  }
  const SteadyTime until = link().loop().clock().steady() + limit;
  // What the origin said before it stopped listening can still be read.
  (void)co_await send_waiting_head();
  for (;;) {
    auto size = finder_.find(as_text(link().input.view()));
    if (!size) co_return pass(std::move(size));
    if (*size) co_return take_head(**size);
    const Duration left = until - link().loop().clock().steady();
    auto more = co_await link().more(std::max(left, Duration::zero()));
    if (!more) co_return std::unexpected(judge(std::move(more).error()));
    if (!*more) {
      const bool none = link().input.received() == received_before_;
      co_return std::unexpected(
          judge({Errc::truncated, Fault::origin, false,
                 none ? "the origin closed the connection instead of answering"
                      : "the origin closed the connection in the middle of a response head"}));
    }
  }
}

Result<ResponseHead> H1OriginStream::take_head(std::size_t size) {
  const std::string_view text = as_text(link().input.view()).substr(0, size);
  auto head = parse_response_head(text, method_, state_->limits);
  link().input.consume(size);
  finder_.restart();
  if (!head) return head;
  if (head->status == 101) {
    if (!upgrade_asked_ || head->upgrade != "websocket") {
      return fail(Errc::malformed, Fault::origin, "upgrade: to something nobody asked for");
    }
    raw_ = true;
  } else if (head->informational()) {
    return head;
  } else if (method_ == "CONNECT" && head->status / 100 == 2) {
    raw_ = true;
  }
  if (!head->keep_alive || raw_) state_->may_stay = false;
  const bool bodyless = raw_ || response_has_no_body(method_, head->status);
  body_.emplace(bodyless ? Framing{} : head->framing, Fault::origin, state_->limits);
  return head;
}

Co<Result<BodyPiece>> H1OriginStream::read_body(Duration limit) {
  if (raw_) co_return co_await read_raw(limit);
  if (!body_) co_return fail(Errc::internal, Fault::local, "HTTP/1: a body before its head");
  H1Input& input = link().input;
  input.consume(std::exchange(handed_out_, 0));
  while (!body_->complete()) {
    auto step = body_->feed(input.view());
    if (!step) co_return pass(std::move(step));
    if (!step->data.empty()) {
      handed_out_ = step->consumed;
      co_return BodyPiece(step->data);
    }
    input.consume(step->consumed);
    if (body_->complete()) break;
    auto more = co_await link().more(limit);
    if (!more) co_return pass(std::move(more));
    if (*more) continue;
    if (auto ended = body_->end_of_input(); !ended) co_return pass(std::move(ended));
  }
  co_return BodyPiece{};
}

Co<Result<BodyPiece>> H1OriginStream::read_raw(Duration limit) {
  H1Input& input = link().input;
  input.consume(std::exchange(handed_out_, 0));
  while (input.empty()) {
    auto more = co_await link().more(limit);
    if (!more) co_return pass(std::move(more));
    if (*more) continue;
    raw_read_ended_ = true;
    co_return BodyPiece{};
  }
  handed_out_ = input.view().size();
  co_return BodyPiece(input.view());
}

const Fields& H1OriginStream::response_trailers() const {
  return body_ ? body_->trailers() : no_trailers_;
}

void H1OriginStream::reset() {
  state_->may_stay = false;
  link().close(true);
}

}  // namespace weir
