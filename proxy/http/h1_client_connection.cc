#include "proxy/http/h1_client_connection.h"

#include <algorithm>
#include <cassert>

#include "proxy/http/h1_client_stream.h"
#include "proxy/http/h1_head_parser.h"
#include "proxy/net/loop.h"

namespace weir {
namespace {

constexpr std::uint64_t kMostSkipped = 64 * 1024;     // of a request body that nobody read
constexpr std::uint64_t kMostLingered = 1024 * 1024;  // of what comes after our last words
constexpr Duration kLinger = std::chrono::seconds(1);
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::unexpected<Error> closed(std::string_view why) {
  return fail(Errc::closed, Fault::client, std::string(why));
}

}  // namespace

H1ClientState::H1ClientState(Loop& loop, std::unique_ptr<ByteStream> stream, std::string initial,
                             const LimitSettings& the_limits, const TimeoutSettings& the_timeouts)
    : limits(the_limits),
      timeouts(the_timeouts),
      link(std::make_shared<H1Link>(loop, std::move(stream), std::move(initial), limits,
                                    Fault::client)) {}

void H1ClientState::notice_end() {
  if (!on_gone) return;
  link->loop().post([state = self] {
    const auto alive = state.lock();
    if (!alive || !alive->on_gone) return;
    auto callback = std::exchange(alive->on_gone, {});  // it may set another
    callback();
  });
}

Co<Result<void>> H1ClientState::await_first_byte() {
  link->release_idle();
  if (!link->input.empty()) co_return Result<void>{};
  idle = true;
  auto came = co_await link->more(timeouts.client_idle, true);
  idle = false;
  if (came && *came) co_return Result<void>{};
  if (came) co_return closed("the client ended the connection");
  if (came.error().code == Errc::timeout) co_return closed("no request for too long");
  if (came.error().code == Errc::cancelled) co_return closed("the connection was drained");
  if (came.error().code == Errc::truncated) co_return closed("the client broke the connection");
  co_return pass(std::move(came));
}

Co<Result<RequestHead>> H1ClientState::read_head() {
  if (auto first = co_await await_first_byte(); !first) co_return pass(std::move(first));
  const SteadyTime until = link->loop().clock().steady() + timeouts.request_head;
  H1HeadFinder finder(H1HeadFinder::Kind::request, limits.header_bytes);
  for (;;) {
    const std::string_view text = as_text(link->input.view());
    auto size = finder.find(text);
    if (!size) co_return pass(std::move(size));
    if (*size) {
      auto head = parse_request_head(text.substr(0, **size), limits);
      link->input.consume(**size);
      co_return head;
    }
    const Duration left = until - link->loop().clock().steady();
    auto more = co_await link->more(std::max(left, Duration::zero()));
    if (!more && more.error().code == Errc::truncated) {
      more.error().what = "the request head was cut short: " + more.error().what;
    }
    if (!more) co_return pass(std::move(more));
    if (!*more) co_return fail(Errc::truncated, Fault::client, "the request head was cut short");
  }
}

Co<Result<BodyPiece>> H1ClientState::read_body() {
  H1Input& input = link->input;
  input.consume(std::exchange(handed_out, 0));
  for (;;) {
    if (body_error) co_return std::unexpected(*body_error);
    if (!body || body->complete()) co_return BodyPiece{};
    auto step = body->feed(input.view());
    if (!step) {
      body_error = std::move(step).error();
      continue;
    }
    if (!step->data.empty()) {
      handed_out = step->consumed;
      co_return BodyPiece(step->data);
    }
    input.consume(step->consumed);
    if (body->complete()) continue;
    if (auto invited = co_await invite(); !invited) co_return pass(std::move(invited));
    auto more = co_await link->more(timeouts.client_body);
    if (!more) {
      body_error = std::move(more).error();
    } else if (!*more) {
      body_error = body->end_of_input().error();
    }
  }
}

Co<Result<void>> H1ClientState::invite() {
  if (!invite_due || body->started() || link->writing()) co_return Result<void>{};
  invite_due = false;
  link->pending().append(kContinue);
  co_return co_await link->write({}, timeouts.client_write);
}

Co<Result<BodyPiece>> H1ClientState::read_raw() {
  link->input.consume(std::exchange(handed_out, 0));
  while (link->input.empty()) {
    auto more = co_await link->more(timeouts.stream_idle);
    if (!more) co_return pass(std::move(more));
    if (!*more) co_return BodyPiece{};
  }
  handed_out = link->input.view().size();
  co_return BodyPiece(link->input.view());
}

Co<Result<void>> H1ClientState::skip_body() {
  for (std::uint64_t skipped = 0; skipped <= kMostSkipped;) {
    auto piece = co_await read_body();
    if (!piece) co_return pass(std::move(piece));
    if (!*piece) co_return Result<void>{};
    skipped += (*piece)->size();
  }
  co_return closed("too much of a request body was left");
}

Co<void> H1ClientState::linger() {
  const SteadyTime until = link->loop().clock().steady() + kLinger;
  const std::uint64_t before = link->input.received();
  link->shutdown_write();
  while (link->is_open() && link->input.received() - before < kMostLingered) {
    link->input.consume(link->input.view().size());
    handed_out = 0;
    const Duration left = until - link->loop().clock().steady();
    if (left <= Duration::zero()) break;
    auto more = co_await link->more(left);
    if (!more || !*more) break;
  }
  link->close(false);
}

H1ClientConnection::H1ClientConnection(Loop& loop, std::unique_ptr<ByteStream> stream,
                                       std::string initial, const LimitSettings& limits,
                                       const TimeoutSettings& timeouts)
    : state_(std::make_shared<H1ClientState>(loop, std::move(stream), std::move(initial), limits,
                                             timeouts)) {
  state_->self = state_;
  state_->link->on_end([state = state_.get()] { state->notice_end(); });
}

H1ClientConnection::~H1ClientConnection() {
  state_->may_stay = false;
  state_->link->on_end({});
  state_->link->close(state_->in_exchange);
}

Co<Result<std::unique_ptr<ClientStream>>> H1ClientConnection::next_request() {
  H1ClientState& state = *state_;
  assert(!state.in_exchange);
  if (!state.may_stay && state.body && !state.body->complete()) co_await state.linger();
  if (!usable()) co_return closed("no further request on this connection");
  if (auto skipped = co_await state.skip_body(); !skipped) {
    state.may_stay = false;
    if (skipped.error().code == Errc::closed) co_await state.linger();
    co_return closed("the request before was not complete");
  }
  state.body.reset();
  auto head = co_await state.read_head();
  if (!head) {
    state.may_stay = false;
    co_return pass(std::move(head));
  }
  state.body.emplace(head->framing, Fault::client, state.limits);
  state.invite_due = head->expect_continue;
  co_return std::make_unique<H1ClientStream>(state_, std::move(*head), false);
}

std::unique_ptr<ClientStream> H1ClientConnection::stream_for_error() {
  assert(!state_->in_exchange);
  RequestHead request;
  request.method = "GET";
  request.keep_alive = false;
  state_->body.reset();
  return std::make_unique<H1ClientStream>(state_, std::move(request), true);
}

std::pair<std::unique_ptr<ByteStream>, std::string> H1ClientConnection::take_stream() {
  assert(!state_->in_exchange);
  state_->may_stay = false;
  std::string rest = state_->link->input.take();
  return {state_->link->take_stream(), std::move(rest)};
}

bool H1ClientConnection::usable() const { return state_->may_stay && state_->link->is_open(); }

void H1ClientConnection::drain() {
  state_->may_stay = false;
  if (state_->idle) state_->link->close(false);
}

}  // namespace weir
