#include "proxy/http/h2_origin_connection.h"

#include <algorithm>
#include <utility>

#include "proxy/http/field_rules.h"
#include "proxy/http/h2_exchange.h"
#include "proxy/http/h2_link.h"
#include "proxy/http/h2_tasks.h"
#include "proxy/net/loop.h"

namespace weir {
namespace {

constexpr Duration kIdle = std::chrono::hours(1);  // the pool closes idle connections earlier

OriginFacts facts_when_reused(OriginFacts facts) {
  facts.reused = true;
  facts.dns = facts.connect = facts.tls = {};
  return facts;
}

}  // namespace

// Shared with the exchanges, which may outlive the connection object.
struct H2OriginConnection::State {
  State(Loop& on, std::unique_ptr<ByteStream> stream, OriginFacts about,
        const LimitSettings& limits, const TimeoutSettings& timeouts)
      : loop(on),
        first(std::move(about)),
        reused(facts_when_reused(first)),
        write_limit(timeouts.origin_write),
        max_streams(limits.h2_streams),
        link(std::make_shared<H2Link>(
            on, std::move(stream), H2Role::client, limits,
            H2LinkOptions{
                .write = timeouts.origin_write, .head = timeouts.response_head, .idle = kIdle})),
        peer_changed(on) {}

  void end_if_drained() {
    if (!draining || active > 0 || link->ended()) return;
    link->session().say_goodbye();
    link->wake();
  }
  void changed() {
    end_if_drained();
    if (on_change) on_change();
  }

  Loop& loop;
  OriginFacts first;
  OriginFacts reused;
  Duration write_limit;
  std::size_t max_streams;
  std::shared_ptr<H2Link> link;
  Signal peer_changed;
  std::function<void()> on_change;
  std::size_t active = 0;
  bool opened = false;  // the first exchange has had the connection's timings
  bool draining = false;
  bool rested = false;
};

namespace {

// Counts itself in its connection for as long as it exists.
class H2OriginStream final : public OriginStream {
 public:
  using Release = std::move_only_function<void()>;
  H2OriginStream(std::shared_ptr<H2Link> link, const OriginFacts& facts, bool rested,
                 Duration write_limit, Release release)
      : release_(std::move(release)),
        exchange_(std::in_place, std::move(link), std::make_shared<H2Stream>(), Fault::origin),
        facts_(facts),
        rested_(rested),
        write_limit_(write_limit) {}
  ~H2OriginStream() override {
    exchange_.reset();
    release_();
  }

  const OriginFacts& facts() const override { return facts_; }

  Co<Result<void>> send_head(const RequestHead& head) override {
    H2Stream& stream = exchange_->stream();
    H2Link& link = exchange_->link();
    if (stream.error) co_return std::unexpected(*stream.error);
    if (stream.head_submitted) {
      co_return fail(Errc::internal, Fault::local, "send_head twice");
    }
    if (!link.session().accepts_streams()) {
      co_return fail(Errc::refused, Fault::origin, "the HTTP/2 connection takes no more requests",
                     true);
    }
    repeatable_ = rested_ && is_idempotent(head.method);
    auto sent = link.session().request(stream.shared_from_this(), head);
    link.wake();
    co_return sent;
  }
  Co<Result<void>> send_body(ByteView piece) override {
    return exchange_->send_body(piece, write_limit_);
  }
  Co<Result<void>> send_end(const Fields& trailers) override {
    co_return exchange_->send_end(trailers);
  }

  Co<Result<ResponseHead>> read_head(Duration limit) override {
    auto head = co_await exchange_->read_head(limit);
    if (!head && connection_lost(head.error())) head.error().retryable = true;
    co_return head;
  }
  Co<Result<BodyPiece>> read_body(Duration limit) override { return exchange_->read_body(limit); }
  const Fields& response_trailers() const override { return exchange_->stream().trailers; }
  void reset() override { exchange_->reset(H2Code::cancel); }

 private:
  // Not the origin's word about this request, only the end of a connection that had rested.
  bool connection_lost(const Error& error) const {
    const H2Stream& stream = exchange_->stream();
    const bool lost = error.code == Errc::truncated || error.code == Errc::io ||
                      error.code == Errc::closed || error.code == Errc::refused;
    const bool answered = stream.peer_reset || stream.final_head || stream.informational_count > 0;
    return repeatable_ && lost && !answered;
  }

  Release release_;
  std::optional<H2Exchange> exchange_;
  const OriginFacts& facts_;  // in the connection's state, which release_ holds
  bool rested_;               // the connection had been used or idle before
  bool repeatable_ = false;
  Duration write_limit_;
};

}  // namespace

H2OriginConnection::H2OriginConnection(Loop& loop, std::unique_ptr<ByteStream> stream,
                                       OriginFacts facts, const LimitSettings& limits,
                                       const TimeoutSettings& timeouts)
    : state_(std::make_shared<State>(loop, std::move(stream), std::move(facts), limits, timeouts)) {
  state_->link->peer_handler = [raw = state_.get()] { raw->peer_changed.notify(); };
}

H2OriginConnection::~H2OriginConnection() {
  state_->on_change = {};
  state_->link->peer_handler = {};
  close();
}

namespace {

Co<void> run_link(Loop& loop, std::shared_ptr<H2Link> link, std::function<void()> at_end) {
  H2Tasks writer(loop);
  writer.spawn(H2Link::write_loop(link));
  co_await H2Link::read_loop(link);
  co_await writer.join();
  at_end();
}

}  // namespace

Co<void> H2OriginConnection::run() {
  return run_link(state_->loop, state_->link, [state = state_] {
    state->peer_changed.notify();
    state->changed();
  });
}

std::unique_ptr<OriginStream> H2OriginConnection::open() {
  if (!usable()) return nullptr;
  ++state_->active;
  const bool rested = state_->opened || state_->rested;
  const OriginFacts& facts = std::exchange(state_->opened, true) ? state_->reused : state_->first;
  return std::make_unique<H2OriginStream>(state_->link, facts, rested, state_->write_limit,
                                          [state = state_] {
                                            --state->active;
                                            state->changed();
                                          });
}

bool H2OriginConnection::usable() const {
  const H2Session& session = state_->link->session();
  const std::size_t most = std::min<std::size_t>(state_->max_streams, session.peer_max_streams());
  return alive() && !state_->draining && session.accepts_streams() && state_->active < most;
}

bool H2OriginConnection::alive() const {
  return !state_->link->ended() && !state_->link->session().error();
}

std::size_t H2OriginConnection::active() const { return state_->active; }

Co<Result<void>> H2OriginConnection::settled(Duration limit) {
  const auto state = state_;
  while (!state->link->session().settled()) {
    if (state->link->ended()) {
      co_return fail(Errc::closed, Fault::origin, "the HTTP/2 connection ended", true);
    }
    if (auto told = co_await state->peer_changed.wait(limit); !told) co_return told;
  }
  co_return Result<void>{};
}

bool H2OriginConnection::supports_extended_connect() const {
  return state_->link->session().peer_speaks_extended_connect();
}

void H2OriginConnection::note_rest() { state_->rested = true; }

void H2OriginConnection::drain() {
  state_->draining = true;
  state_->end_if_drained();
}

void H2OriginConnection::close() {
  state_->link->end({Errc::cancelled, Fault::local, false, "connection closed on purpose"});
}

void H2OriginConnection::on_change(std::function<void()> callback) {
  state_->on_change = std::move(callback);
}

}  // namespace weir
