#include "proxy/http/h2_client_connection.h"

#include <utility>

#include "proxy/http/h2_exchange.h"
#include "proxy/http/h2_link.h"
#include "proxy/http/h2_tasks.h"

namespace weir {
namespace {

class H2ClientStream final : public ClientStream {
 public:
  H2ClientStream(std::shared_ptr<H2Link> link, std::shared_ptr<H2Stream> stream,
                 const TimeoutSettings& timeouts)
      : exchange_(std::move(link), std::move(stream), Fault::client),
        body_limit_(timeouts.client_body),
        stream_limit_(timeouts.stream_idle),
        write_limit_(timeouts.client_write) {}

  const RequestHead& request() const override { return exchange_.stream().request; }
  Co<Result<BodyPiece>> read_body() override {
    for (;;) {
      const bool answering = exchange_.stream().head_submitted;
      auto piece = co_await exchange_.read_body(answering ? stream_limit_ : body_limit_);
      const bool late = !piece && piece.error().code == Errc::timeout;
      if (!late || answering || !exchange_.stream().head_submitted) co_return piece;
    }
  }
  const Fields& request_trailers() const override { return exchange_.stream().trailers; }

  Co<Result<void>> send_informational(const ResponseHead& head) override {
    H2Stream& stream = exchange_.stream();
    if (stream.error) co_return std::unexpected(*stream.error);
    if (head.status == 100 && std::exchange(continued_, true)) co_return Result<void>{};
    auto sent = session().inform(stream, head);
    exchange_.link().wake();
    co_return sent;
  }

  // The head is held back for the first piece of body to go out with it; see flush().
  Co<Result<void>> send_head(const ResponseHead& head) override {
    H2Stream& stream = exchange_.stream();
    if (stream.error) co_return std::unexpected(*stream.error);
    if (stream.head_submitted) co_return fail(Errc::internal, Fault::local, "send_head twice");
    const bool tunnel = request().method == "CONNECT" && head.status >= 200 && head.status < 300;
    const bool end = !tunnel && (head.framing.kind == Framing::Kind::none ||
                                 response_has_no_body(request().method, head.status));
    auto sent = session().respond(stream, head, end);
    if (end || tunnel) exchange_.link().wake();
    co_return sent;
  }

  Co<Result<void>> flush() override {
    exchange_.link().wake();
    const auto& error = exchange_.stream().error;
    co_return error ? Result<void>(std::unexpected(*error)) : Result<void>{};
  }

  Co<Result<void>> send_body(ByteView piece) override {
    return exchange_.send_body(piece, write_limit_);
  }
  Co<Result<void>> send_end(const Fields& trailers) override {
    co_return exchange_.send_end(trailers);
  }

  void reset() override { exchange_.reset(H2Code::internal_error); }
  bool can_show_truncation() const override { return true; }
  void on_gone(std::move_only_function<void()> callback) override {
    exchange_.on_gone(std::move(callback));
  }
  bool gone() const override { return exchange_.gone(); }
  std::uint64_t bytes_in() const override { return exchange_.bytes_in(); }
  std::uint64_t bytes_out() const override { return exchange_.bytes_out(); }

 private:
  H2Session& session() { return exchange_.link().session(); }

  H2Exchange exchange_;
  Duration body_limit_;
  Duration stream_limit_;  // once we answer, both sides may talk as they like: gRPC, WebSocket
  Duration write_limit_;
  bool continued_ = false;
};

}  // namespace

struct H2ClientConnection::State {
  State(Loop& loop, std::unique_ptr<ByteStream> stream, const LimitSettings& limits,
        const TimeoutSettings& every)
      : link(std::make_shared<H2Link>(loop, std::move(stream), H2Role::server, limits,
                                      H2LinkOptions{.write = every.client_write,
                                                    .head = every.request_head,
                                                    .idle = every.client_idle})),
        timeouts(every),
        max_handlers(limits.h2_streams),
        handlers(loop),
        writer(loop) {}

  void start(std::shared_ptr<H2Stream> stream) {
    if (handlers.running() >= max_handlers) {
      link->session().reset(*stream, H2Code::refused_stream);
      return;
    }
    handlers.spawn(on_request(std::make_unique<H2ClientStream>(link, std::move(stream), timeouts)));
  }

  std::shared_ptr<H2Link> link;
  TimeoutSettings timeouts;
  std::size_t max_handlers;
  H2Tasks handlers;
  H2Tasks writer;
  Handler on_request;
};

H2ClientConnection::H2ClientConnection(Loop& loop, std::unique_ptr<ByteStream> stream,
                                       const LimitSettings& limits, const TimeoutSettings& timeouts)
    : state_(std::make_shared<State>(loop, std::move(stream), limits, timeouts)) {}

H2ClientConnection::~H2ClientConnection() {
  state_->link->request_handler = {};
  state_->link->refused_handler = {};
}

Co<Result<void>> H2ClientConnection::serve(Handler on_request, RefusedHandler on_refused) {
  const auto state = state_;
  state->link->refused_handler = std::move(on_refused);
  state->on_request = std::move(on_request);
  state->link->request_handler = [raw = state.get()](std::shared_ptr<H2Stream> stream) {
    raw->start(std::move(stream));
  };
  state->writer.spawn(H2Link::write_loop(state->link));
  co_await H2Link::read_loop(state->link);
  co_await state->handlers.join();
  co_await state->writer.join();
  co_return state->link->outcome();
}

void H2ClientConnection::drain() { state_->link->drain(); }

void H2ClientConnection::close() {
  state_->link->end({Errc::cancelled, Fault::local, false, "connection closed on purpose"});
}

std::size_t H2ClientConnection::active() const { return state_->handlers.running(); }

}  // namespace weir
