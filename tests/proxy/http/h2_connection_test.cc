// The two HTTP/2 drivers against each other, and against raw bytes, over a connection in memory.
#include <gtest/gtest.h>

#include <map>

#include "proxy/http/h2_client_connection.h"
#include "proxy/http/h2_origin_connection.h"
#include "proxy/net/deadline.h"
#include "proxy/net/signal.h"
#include "tests/proxy/http/h2_frames.h"
#include "tests/support/memory_stream.h"
#include "tests/support/run_loop.h"

namespace weir {
namespace {

using test::memory_pipe;
using test::MemoryPipeOptions;
using test::settle;
using test::spawn;

constexpr Duration kLong = std::chrono::minutes(5);

RequestHead request(std::string method = "GET", Framing framing = {}) {
  RequestHead head;
  head.method = std::move(method);
  head.scheme = "https";
  head.authority = "a.test";
  head.path = "/";
  head.framing = framing;
  return head;
}

ResponseHead answer(int status = 200, Framing framing = {Framing::Kind::chunked, 0}) {
  ResponseHead head;
  head.status = status;
  head.framing = framing;
  return head;
}

Fields trailers_of(std::string value) {
  Fields fields;
  fields.add("x-sum", std::move(value));
  return fields;
}

// Takes an exchange apart into words: "200 103 body:5 trailers:x end" or the error's name.
Co<void> collect(OriginStream& stream, std::string* log) {
  for (;;) {
    auto head = co_await stream.read_head(kLong);
    if (!head) {
      *log += std::string(errc_name(head.error().code)) + (head.error().retryable ? "*" : "");
      co_return;
    }
    *log += std::to_string(head->status) + " ";
    if (!head->informational()) break;
  }
  std::size_t size = 0;
  for (;;) {
    auto piece = co_await stream.read_body(kLong);
    if (!piece) {
      *log += "body:" + std::to_string(size) + " " + std::string(errc_name(piece.error().code));
      co_return;
    }
    if (!*piece) break;
    size += (*piece)->size();
  }
  *log += "body:" + std::to_string(size) + " ";
  if (!stream.response_trailers().empty()) {
    *log += "trailers:" + std::string(stream.response_trailers().get("x-sum")) + " ";
  }
  *log += "end";
}

// Reads a request to its end into words.
Co<void> swallow(ClientStream& stream, std::string* log) {
  std::size_t size = 0;
  for (;;) {
    auto piece = co_await stream.read_body();
    if (!piece) {
      *log += "body:" + std::to_string(size) + " " + std::string(errc_name(piece.error().code));
      co_return;
    }
    if (!*piece) break;
    size += (*piece)->size();
  }
  *log += "body:" + std::to_string(size) + " ";
  if (!stream.request_trailers().empty()) {
    *log += "trailers:" + std::string(stream.request_trailers().get("x-sum")) + " ";
  }
  *log += "end";
}

Co<void> serve(H2ClientConnection& server, H2ClientConnection::Handler handler,
               std::optional<Result<void>>* outcome) {
  outcome->emplace(co_await server.serve(std::move(handler)));
}

// Both drivers on one loop, with what the server side does as a function.
class H2Connection : public ::testing::Test {
 protected:
  using Handler = H2ClientConnection::Handler;

  void start(Handler handler, MemoryPipeOptions options = {}) {
    auto [near, far] = memory_pipe(loop_, options);
    origin_.emplace(loop_, std::move(near), facts(), limits_, timeouts_);
    server_.emplace(loop_, std::move(far), limits_, timeouts_);
    spawn(loop_, serve(*server_, std::move(handler), &outcome_));
    spawn(loop_, origin_->run());
    settle(loop_);
  }

  void pass(Duration time) {
    for (Duration gone{}; gone < time; gone += std::chrono::milliseconds(500)) {
      clock_.advance(std::chrono::milliseconds(500));
      loop_.deadlines().tick();
      settle(loop_);
    }
  }

  static OriginFacts facts() {
    OriginFacts facts;
    facts.address = "192.0.2.2:443";
    return facts;
  }

  // Ends both sides, so that nothing is left suspended.
  void TearDown() override {
    origin_.reset();
    if (server_) server_->close();
    settle(loop_);
    if (server_) EXPECT_TRUE(outcome_) << "serve() did not return";
  }

  ManualClock clock_;
  LimitSettings limits_;
  TimeoutSettings timeouts_;
  Loop loop_{clock_};
  std::optional<H2OriginConnection> origin_;
  std::optional<H2ClientConnection> server_;
  std::optional<Result<void>> outcome_;
};

// --- every kind of exchange

struct Exchange {
  const char* name;
  RequestHead request;
  std::size_t request_body;  // sent unless the framing is none
  bool request_trailers;
  std::vector<int> informational;
  ResponseHead response;
  std::size_t response_body;
  bool response_trailers;
  const char* client_sees;
  const char* server_sees;
};

Co<void> play_server(const Exchange& play, std::unique_ptr<ClientStream> stream, std::string* log) {
  *log += stream->request().method + " ";
  co_await swallow(*stream, log);
  for (const int status : play.informational) {
    (void)co_await stream->send_informational(answer(status, {}));
  }
  if (!co_await stream->send_head(play.response)) co_return;
  const std::string piece(7001, 'r');
  for (std::size_t left = play.response_body; left > 0;) {
    const std::size_t size = std::min(left, piece.size());
    if (!co_await stream->send_body(as_bytes(piece).first(size))) co_return;
    left -= size;
  }
  const auto ended =
      co_await stream->send_end(play.response_trailers ? trailers_of("r") : Fields{});
  if (!ended) *log += " " + std::string(errc_name(ended.error().code));
}

Co<void> play_client(const Exchange& play, OriginStream& stream, std::string* log) {
  if (auto sent = co_await stream.send_head(play.request); !sent) {
    *log += sent.error().what;
    co_return;
  }
  const std::string body(play.request_body, 'q');
  if (!body.empty()) (void)co_await stream.send_body(as_bytes(body));
  (void)co_await stream.send_end(play.request_trailers ? trailers_of("q") : Fields{});
  co_await collect(stream, log);
}

const std::vector<Exchange>& exchanges() {
  const Framing chunked{Framing::Kind::chunked, 0};
  const auto length = [](std::uint64_t n) { return Framing{Framing::Kind::length, n}; };
  static const std::vector<Exchange> all = {
      {"GET", request(), 0, false, {}, answer(), 10, false, "200 body:10 end", "GET body:0 end"},
      {"length",
       request(),
       0,
       false,
       {},
       answer(200, length(10)),
       10,
       false,
       "200 body:10 end",
       "GET body:0 end"},
      {"empty",
       request(),
       0,
       false,
       {},
       answer(200, {}),
       0,
       false,
       "200 body:0 end",
       "GET body:0 end"},
      {"no bytes",
       request(),
       0,
       false,
       {},
       answer(200, length(0)),
       0,
       false,
       "200 body:0 end",
       "GET body:0 end"},
      {"HEAD",
       request("HEAD"),
       0,
       false,
       {},
       answer(200, length(99)),
       0,
       false,
       "200 body:0 end",
       "HEAD body:0 end"},
      {"204",
       request(),
       0,
       false,
       {},
       answer(204, {}),
       0,
       false,
       "204 body:0 end",
       "GET body:0 end"},
      {"304",
       request(),
       0,
       false,
       {},
       answer(304, length(99)),
       0,
       false,
       "304 body:0 end",
       "GET body:0 end"},
      {"POST",
       request("POST", chunked),
       5000,
       false,
       {},
       answer(),
       10,
       false,
       "200 body:10 end",
       "POST body:5000 end"},
      {"POST with length",
       request("POST", length(5000)),
       5000,
       false,
       {},
       answer(),
       0,
       false,
       "200 body:0 end",
       "POST body:5000 end"},
      {"POST of nothing",
       request("POST", length(0)),
       0,
       false,
       {},
       answer(),
       1,
       false,
       "200 body:1 end",
       "POST body:0 end"},
      {"trailers both ways",
       request("POST", chunked),
       3,
       true,
       {},
       answer(),
       3,
       true,
       "200 body:3 trailers:r end",
       "POST body:3 trailers:q end"},
      {"trailers without a body",
       request("POST", chunked),
       0,
       true,
       {},
       answer(),
       0,
       true,
       "200 body:0 trailers:r end",
       "POST body:0 trailers:q end"},
      {"informational",
       request(),
       0,
       false,
       {103, 103},
       answer(),
       1,
       false,
       "103 103 200 body:1 end",
       "GET body:0 end"},
      {"100 once",
       request("POST", chunked),
       3,
       false,
       {100, 100},
       answer(),
       1,
       false,
       "100 200 body:1 end",
       "POST body:3 end"},
      {"informational, trailers",
       request("POST", chunked),
       3,
       true,
       {103},
       answer(404),
       9,
       true,
       "103 404 body:9 trailers:r end",
       "POST body:3 trailers:q end"},
      {"big both ways",
       request("POST", chunked),
       3'000'000,
       true,
       {},
       answer(),
       5'000'000,
       true,
       "200 body:5000000 trailers:r end",
       "POST body:3000000 trailers:q end"},
  };
  return all;
}

TEST_F(H2Connection, EveryKindOfExchange) {
  std::string seen_by_server;
  const Exchange* play = nullptr;
  start([&](std::unique_ptr<ClientStream> stream) {
    return play_server(*play, std::move(stream), &seen_by_server);
  });
  for (const auto& each : exchanges()) {
    play = &each;
    seen_by_server.clear();
    std::string seen_by_client;
    auto stream = origin_->open();
    ASSERT_TRUE(stream) << each.name;
    spawn(loop_, play_client(each, *stream, &seen_by_client));
    settle(loop_);
    EXPECT_EQ(seen_by_client, each.client_sees) << each.name;
    EXPECT_EQ(seen_by_server, each.server_sees) << each.name;
  }
  EXPECT_EQ(origin_->active(), 0U);
  EXPECT_EQ(server_->active(), 0U);
}

TEST_F(H2Connection, EveryKindOfExchangeThroughATightPipe) {
  limits_.h2_window_bytes = 16384;
  std::string seen_by_server;
  const Exchange* play = nullptr;
  MemoryPipeOptions tight;
  tight.capacity = 700;
  tight.forward.rechunk = 13;
  tight.backward.rechunk = 11;
  start(
      [&](std::unique_ptr<ClientStream> stream) {
        return play_server(*play, std::move(stream), &seen_by_server);
      },
      tight);
  for (auto each : exchanges()) {
    if (each.response_body > 1'000'000) continue;
    play = &each;
    seen_by_server.clear();
    std::string seen_by_client;
    auto stream = origin_->open();
    ASSERT_TRUE(stream) << each.name;
    spawn(loop_, play_client(each, *stream, &seen_by_client));
    settle(loop_);
    EXPECT_EQ(seen_by_client, each.client_sees) << each.name;
    EXPECT_EQ(seen_by_server, each.server_sees) << each.name;
  }
}

TEST_F(H2Connection, ManyExchangesAtOnce) {
  std::map<std::string, std::string> seen;
  const Exchange play{"", request(), 0, false, {}, answer(), 100'000, true, "", ""};
  std::string log;
  start([&](std::unique_ptr<ClientStream> stream) {
    return play_server(play, std::move(stream), &log);
  });
  std::vector<std::unique_ptr<OriginStream>> streams;
  std::vector<std::string> logs(100);
  for (std::size_t i = 0; i < logs.size(); ++i) {
    streams.push_back(origin_->open());
    ASSERT_TRUE(streams.back()) << i;
    spawn(loop_, play_client(play, *streams.back(), &logs[i]));
  }
  EXPECT_EQ(origin_->active(), 100U);
  settle(loop_);
  for (const auto& each : logs) EXPECT_EQ(each, "200 body:100000 trailers:r end");
}

// --- backpressure

Co<void> send_much(ClientStream& stream, std::size_t* sent) {
  (void)co_await stream.send_head(answer());
  const std::string piece(10'000, 'x');
  for (int i = 0; i < 1000; ++i) {
    if (!co_await stream.send_body(as_bytes(piece))) co_return;
    *sent += piece.size();
  }
  (void)co_await stream.send_end({});
}

Co<void> handle_send_much(std::unique_ptr<ClientStream> stream, std::size_t* sent) {
  co_await send_much(*stream, sent);
}

Co<void> read_some(OriginStream& stream, std::size_t want, std::size_t* got) {
  while (*got < want) {
    auto piece = co_await stream.read_body(kLong);
    if (!piece || !*piece) co_return;
    *got += (*piece)->size();
  }
}

Co<void> ask(OriginStream& stream, RequestHead head) { (void)co_await stream.send_head(head); }

TEST_F(H2Connection, SenderStallsUntilTheReaderTakes) {
  limits_.h2_window_bytes = 100'000;
  std::size_t sent = 0;
  start([&](std::unique_ptr<ClientStream> stream) {
    return handle_send_much(std::move(stream), &sent);
  });
  auto stream = origin_->open();
  spawn(loop_, ask(*stream, request()));
  settle(loop_);
  // A window, and what the sender may queue.
  EXPECT_GE(sent, 100'000U);
  EXPECT_LE(sent, 200'000U);
  const std::size_t stalled_at = sent;
  settle(loop_);
  EXPECT_EQ(sent, stalled_at);
  std::size_t got = 0;
  spawn(loop_, read_some(*stream, 300'000, &got));
  settle(loop_);
  EXPECT_GE(got, 300'000U);
  EXPECT_GT(sent, stalled_at);
  EXPECT_LE(sent, got + 300'000);
  spawn(loop_, read_some(*stream, SIZE_MAX, &got));
  settle(loop_);
  EXPECT_EQ(got, 10'000'000U);
}

TEST_F(H2Connection, AStalledStreamDoesNotHoldUpOthers) {
  limits_.h2_window_bytes = 50'000;
  std::size_t sent = 0;
  start([&](std::unique_ptr<ClientStream> stream) {
    return handle_send_much(std::move(stream), &sent);
  });
  auto stalled = origin_->open();
  auto other = origin_->open();
  spawn(loop_, ask(*stalled, request()));
  spawn(loop_, ask(*other, request()));
  std::size_t got = 0;
  spawn(loop_, read_some(*other, SIZE_MAX, &got));
  settle(loop_);
  EXPECT_EQ(got, 10'000'000U);
}

Co<void> upload(OriginStream& stream, std::size_t* sent) {
  (void)co_await stream.send_head(request("POST", {Framing::Kind::chunked, 0}));
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 100; ++i) {
    if (!co_await stream.send_body(as_bytes(piece))) co_return;
    *sent += piece.size();
  }
}

TEST_F(H2Connection, UploadStallsUntilTheHandlerReads) {
  limits_.h2_window_bytes = 100'000;
  std::unique_ptr<ClientStream> held;
  start([&](std::unique_ptr<ClientStream> stream) -> Co<void> {
    return [](std::unique_ptr<ClientStream> from, std::unique_ptr<ClientStream>* to) -> Co<void> {
      *to = std::move(from);
      co_return;
    }(std::move(stream), &held);
  });
  auto stream = origin_->open();
  std::size_t sent = 0;
  spawn(loop_, upload(*stream, &sent));
  settle(loop_);
  ASSERT_TRUE(held);
  EXPECT_LE(sent, 200'000U);
  std::string log;
  spawn(loop_, swallow(*held, &log));
  settle(loop_);
  EXPECT_EQ(sent, 10'000'000U);
  EXPECT_EQ(held->bytes_in(), 10'000'000U);
  held->reset();
  settle(loop_);
  EXPECT_EQ(log, "body:10000000 cancelled");
  held.reset();
}

TEST_F(H2Connection, AClientThatTakesNothingTimesOut) {
  limits_.h2_window_bytes = 16'384;
  std::size_t sent = 0;
  start([&](std::unique_ptr<ClientStream> stream) {
    return handle_send_much(std::move(stream), &sent);
  });
  auto stream = origin_->open();
  spawn(loop_, ask(*stream, request()));
  settle(loop_);
  EXPECT_EQ(server_->active(), 1U);
  pass(timeouts_.client_write + std::chrono::seconds(2));
  EXPECT_EQ(server_->active(), 0U);
  std::string log;
  spawn(loop_, collect(*stream, &log));
  settle(loop_);
  EXPECT_TRUE(log.ends_with("truncated")) << log;
}

// --- resets

// Lets a test hold the server's stream and act on it.
class H2Held : public H2Connection {
 protected:
  static Co<void> hold(H2Held* self, std::unique_ptr<ClientStream> stream) {
    self->held_ = std::move(stream);
    self->held_->on_gone([self] { ++self->gone_; });
    while (self->held_) (void)co_await self->release_.wait(kLong);
  }
  void begin(RequestHead head = request()) {
    start([this](std::unique_ptr<ClientStream> stream) { return hold(this, std::move(stream)); });
    stream_ = origin_->open();
    spawn(loop_, ask(*stream_, std::move(head)));
    settle(loop_);
    ASSERT_TRUE(held_);
  }
  void let_go() {
    held_.reset();
    release_.notify();
    settle(loop_);
  }
  std::string collected() {
    std::string log;
    spawn(loop_, collect(*stream_, &log));
    settle(loop_);
    return log;
  }
  template <class T>
  T now(Co<T> work) {
    std::optional<T> result;
    spawn(loop_, test::keep_result(std::move(work), &result));
    settle(loop_);
    EXPECT_TRUE(result) << "still suspended";
    return std::move(*result);
  }
  void TearDown() override {
    stream_.reset();
    held_.reset();
    release_.notify();
    H2Connection::TearDown();
  }

  Signal release_{loop_};
  std::unique_ptr<ClientStream> held_;
  std::unique_ptr<OriginStream> stream_;
  int gone_ = 0;
};

TEST_F(H2Held, ResetBeforeTheHead) {
  begin();
  held_->reset();
  EXPECT_EQ(collected(), "truncated");
  EXPECT_EQ(gone_, 0);
  EXPECT_FALSE(held_->gone());
}

TEST_F(H2Held, DroppedBeforeTheHead) {
  begin();
  let_go();
  EXPECT_EQ(collected(), "truncated");
}

TEST_F(H2Held, ResetInTheBody) {
  begin();
  ASSERT_TRUE(now(held_->send_head(answer(200, {Framing::Kind::length, 10}))));
  ASSERT_TRUE(now(held_->send_body(as_bytes("01234"))));
  settle(loop_);
  held_->reset();
  EXPECT_EQ(collected(), "200 body:5 truncated");
}

TEST_F(H2Held, ShortOfItsLength) {
  begin();
  ASSERT_TRUE(now(held_->send_head(answer(200, {Framing::Kind::length, 10}))));
  ASSERT_TRUE(now(held_->send_body(as_bytes("01234"))));
  ASSERT_TRUE(now(held_->send_end({})));
  EXPECT_EQ(collected(), "200 body:5 malformed");
}

TEST_F(H2Held, DroppedInTheBody) {
  begin();
  ASSERT_TRUE(now(held_->send_head(answer())));
  ASSERT_TRUE(now(held_->send_body(as_bytes("01234"))));
  settle(loop_);
  let_go();
  EXPECT_EQ(collected(), "200 body:5 truncated");
}

TEST_F(H2Held, DroppedAfterTheEndIsDelivered) {
  begin(request("POST", {Framing::Kind::chunked, 0}));  // whose body never comes
  ASSERT_TRUE(now(held_->send_head(answer())));
  ASSERT_TRUE(now(held_->send_body(as_bytes("01234"))));
  ASSERT_TRUE(now(held_->send_end({})));
  let_go();
  EXPECT_EQ(collected(), "200 body:5 end");
  const auto more = now(stream_->send_body(as_bytes("x")));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Errc::closed);
}

TEST_F(H2Held, ClientGivesUpBeforeTheHead) {
  begin();
  stream_->reset();
  settle(loop_);
  EXPECT_EQ(gone_, 1);
  EXPECT_TRUE(held_->gone());
  EXPECT_EQ(collected(), "cancelled");
  const auto sent = now(held_->send_head(answer()));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::truncated);
  EXPECT_EQ(sent.error().fault, Fault::client);
}

TEST_F(H2Held, ClientGoesInTheRequestBody) {
  begin(request("POST", {Framing::Kind::chunked, 0}));
  ASSERT_TRUE(now(stream_->send_body(as_bytes("abc"))));
  settle(loop_);
  stream_.reset();
  settle(loop_);
  EXPECT_EQ(gone_, 1);
  std::string log;
  spawn(loop_, swallow(*held_, &log));
  settle(loop_);
  EXPECT_EQ(log, "body:3 truncated");
}

TEST_F(H2Held, ClientGoesInTheResponseBody) {
  begin();
  ASSERT_TRUE(now(held_->send_head(answer())));
  ASSERT_TRUE(now(held_->send_body(as_bytes("abc"))));
  settle(loop_);
  stream_.reset();
  settle(loop_);
  EXPECT_EQ(gone_, 1);
  EXPECT_FALSE(now(held_->send_body(as_bytes("abc"))));
}

TEST_F(H2Held, AWaitingReaderIsWoken) {
  begin(request("POST", {Framing::Kind::chunked, 0}));
  std::string server_log, client_log;
  spawn(loop_, swallow(*held_, &server_log));
  spawn(loop_, collect(*stream_, &client_log));
  settle(loop_);
  EXPECT_EQ(server_log + client_log, "");
  stream_->reset();
  settle(loop_);
  EXPECT_EQ(server_log, "body:0 truncated");
  EXPECT_EQ(client_log, "cancelled");
}

TEST_F(H2Held, GoneIsToldToALateListener) {
  begin();
  held_->on_gone({});
  stream_->reset();
  settle(loop_);
  EXPECT_EQ(gone_, 0);
  held_->on_gone([this] { ++gone_; });
  EXPECT_EQ(gone_, 0);
  settle(loop_);
  EXPECT_EQ(gone_, 1);
}

TEST_F(H2Held, ConnectionLostFailsEverything) {
  begin(request("POST", {Framing::Kind::chunked, 0}));
  ASSERT_TRUE(now(held_->send_head(answer())));
  ASSERT_TRUE(now(held_->send_body(as_bytes("abc"))));
  settle(loop_);
  server_->close();
  settle(loop_);
  EXPECT_EQ(collected(), "200 body:3 truncated");
  EXPECT_EQ(gone_, 1);
  EXPECT_FALSE(origin_->usable());
  EXPECT_FALSE(origin_->alive());
  EXPECT_EQ(origin_->open(), nullptr);
  const auto sent = now(stream_->send_body(as_bytes("x")));
  ASSERT_FALSE(sent);
  EXPECT_FALSE(sent.error().retryable);
}

TEST_F(H2Held, StreamsOutliveTheirConnection) {
  begin();
  origin_.reset();
  settle(loop_);
  EXPECT_EQ(gone_, 1);
  const std::string log = collected();
  EXPECT_EQ(log, "cancelled");
  EXPECT_FALSE(now(stream_->send_body(as_bytes("x"))));
}

TEST_F(H2Held, HeadWaitsForTheBodyUntilFlushed) {
  begin();
  ASSERT_TRUE(now(held_->send_head(answer())));
  std::string log;
  spawn(loop_, collect(*stream_, &log));
  settle(loop_);
  EXPECT_EQ(log, "");
  ASSERT_TRUE(now(held_->flush()));
  EXPECT_EQ(log, "200 ");
  ASSERT_TRUE(now(held_->send_end({})));
  EXPECT_EQ(log, "200 body:0 end");
}

TEST_F(H2Held, ExtendedConnectCarriesBytesBothWays) {
  RequestHead head = request("CONNECT");
  head.protocol = "websocket";
  head.path = "/chat";
  begin(head);
  EXPECT_TRUE(origin_->supports_extended_connect());
  EXPECT_EQ(held_->request().protocol, "websocket");
  EXPECT_EQ(held_->request().path, "/chat");
  ASSERT_TRUE(now(held_->send_head(answer(200, {}))));
  EXPECT_EQ(now(stream_->read_head(kLong))->status, 200);
  ASSERT_TRUE(now(stream_->send_body(as_bytes("ping"))));
  EXPECT_EQ(as_text(**now(held_->read_body())), "ping");
  ASSERT_TRUE(now(held_->send_body(as_bytes("pong"))));
  EXPECT_EQ(as_text(**now(stream_->read_body(kLong))), "pong");
  ASSERT_TRUE(now(stream_->send_end({})));
  EXPECT_FALSE(now(held_->read_body())->has_value());
  ASSERT_TRUE(now(held_->send_end({})));
  EXPECT_FALSE(now(stream_->read_body(kLong))->has_value());
}

TEST_F(H2Held, ASlowBodyTimesOut) {
  begin(request("POST", {Framing::Kind::chunked, 0}));
  std::string log;
  spawn(loop_, swallow(*held_, &log));
  settle(loop_);
  pass(timeouts_.client_body - std::chrono::seconds(1));
  EXPECT_EQ(log, "");
  pass(std::chrono::seconds(2));
  EXPECT_EQ(log, "body:0 timeout");
}

TEST_F(H2Held, BothMayTalkAsTheyLikeOnceAnswered) {
  begin(request("POST", {Framing::Kind::chunked, 0}));
  std::string log;
  spawn(loop_, swallow(*held_, &log));
  settle(loop_);
  ASSERT_TRUE(now(held_->send_head(answer())));
  pass(timeouts_.client_body * 3);
  EXPECT_EQ(log, "");
  ASSERT_TRUE(now(stream_->send_body(as_bytes("late"))));
  ASSERT_TRUE(now(stream_->send_end({})));
  EXPECT_EQ(log, "body:4 end");
}

TEST_F(H2Held, IdleCountsFromTheLastExchange) {
  begin();
  pass(timeouts_.client_idle - std::chrono::seconds(5));
  ASSERT_TRUE(now(held_->send_head(answer(204, {}))));
  let_go();
  pass(timeouts_.client_idle - std::chrono::seconds(5));
  EXPECT_FALSE(outcome_);
  pass(std::chrono::seconds(10));
  EXPECT_TRUE(outcome_);
}

Co<void> own_connection(Loop& loop, std::unique_ptr<ByteStream> stream) {
  H2ClientConnection connection(loop, std::move(stream), LimitSettings{}, TimeoutSettings{});
  (void)co_await connection.serve([](std::unique_ptr<ClientStream> exchange) {
    return [](std::unique_ptr<ClientStream> held) -> Co<void> {
      std::string log;
      co_await swallow(*held, &log);
    }(std::move(exchange));
  });
}

TEST(H2Teardown, TheLoopMayGoFirst) {
  const ManualClock clock;
  std::string log;
  {
    Loop loop(clock);
    auto [near, far] = memory_pipe(loop);
    H2OriginConnection origin(loop, std::move(near), OriginFacts{}, LimitSettings{},
                              TimeoutSettings{});
    spawn(loop, origin.run());
    spawn(loop, own_connection(loop, std::move(far)));
    auto stream = origin.open();
    spawn(loop, ask(*stream, request("POST", {Framing::Kind::chunked, 0})));
    spawn(loop, collect(*stream, &log));
    settle(loop);
    EXPECT_EQ(origin.active(), 1U);
  }
  EXPECT_EQ(log, "");
}

TEST_F(H2Held, ALateHeadTimesOut) {
  begin();
  std::optional<Result<ResponseHead>> head;
  spawn(loop_, test::keep_result(stream_->read_head(std::chrono::seconds(3)), &head));
  pass(std::chrono::seconds(4));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->error().code, Errc::timeout);
  EXPECT_EQ(head->error().fault, Fault::origin);
}

// --- limits and ends of connections

TEST_F(H2Held, OpenStopsAtTheOriginsLimit) {
  limits_.h2_streams = 2;
  begin();
  auto second = origin_->open();
  EXPECT_TRUE(second);
  EXPECT_EQ(origin_->open(), nullptr);
  EXPECT_FALSE(origin_->usable());
  EXPECT_EQ(origin_->active(), 2U);
  second.reset();
  EXPECT_TRUE(origin_->usable());
  EXPECT_EQ(stream_->facts().address, "192.0.2.2:443");
  EXPECT_FALSE(stream_->facts().reused);
  EXPECT_TRUE(origin_->open()->facts().reused);
}

TEST_F(H2Held, DrainLetsStreamsFinish) {
  begin();
  server_->drain();
  settle(loop_);
  EXPECT_FALSE(outcome_);
  EXPECT_FALSE(origin_->usable());
  ASSERT_TRUE(now(held_->send_head(answer())));
  ASSERT_TRUE(now(held_->send_body(as_bytes("abc"))));
  ASSERT_TRUE(now(held_->send_end({})));
  let_go();
  EXPECT_EQ(collected(), "200 body:3 end");
  ASSERT_TRUE(outcome_);
  EXPECT_TRUE(*outcome_) << outcome_->error().what;
}

TEST_F(H2Held, OriginDrainEndsWithTheLastExchange) {
  begin();
  origin_->drain();
  settle(loop_);
  EXPECT_TRUE(origin_->alive());
  EXPECT_EQ(origin_->open(), nullptr);
  ASSERT_TRUE(now(held_->send_head(answer(204, {}))));
  let_go();
  EXPECT_EQ(collected(), "204 body:0 end");
  stream_.reset();
  settle(loop_);
  EXPECT_FALSE(origin_->alive());
  ASSERT_TRUE(outcome_);
  EXPECT_TRUE(*outcome_);
}

TEST_F(H2Connection, DrainOfAnIdleConnection) {
  start([](std::unique_ptr<ClientStream>) -> Co<void> { co_return; });
  server_->drain();
  settle(loop_);
  ASSERT_TRUE(outcome_);
  EXPECT_TRUE(*outcome_);
  EXPECT_FALSE(origin_->alive());
}

TEST_F(H2Connection, IdleConnectionsAreClosed) {
  start([](std::unique_ptr<ClientStream>) -> Co<void> { co_return; });
  pass(timeouts_.client_idle - std::chrono::seconds(1));
  EXPECT_FALSE(outcome_);
  EXPECT_TRUE(origin_->usable());
  pass(std::chrono::seconds(2));
  ASSERT_TRUE(outcome_);
  EXPECT_TRUE(*outcome_);
  EXPECT_FALSE(origin_->usable());
}

TEST_F(H2Held, ARunningExchangeKeepsAQuietConnection) {
  begin();
  pass(timeouts_.client_idle * 2);
  EXPECT_FALSE(outcome_);
  ASSERT_TRUE(now(held_->send_head(answer(204, {}))));
  EXPECT_EQ(collected(), "204 body:0 end");
}

// --- raw clients

Co<void> write_raw(ByteStream& to, std::string bytes) {
  (void)co_await to.write_all(as_bytes(bytes), kLong);
}

// A client in raw bytes: says something, and what it hears is read while it lasts.
class H2Raw : public H2Held {
 protected:
  void connect() {
    auto [near, far] = memory_pipe(loop_);
    raw_ = std::move(near);
    server_.emplace(loop_, std::move(far), limits_, timeouts_);
    spawn(loop_, serve(
                     *server_,
                     [this](std::unique_ptr<ClientStream> stream) {
                       ++handled_;
                       return hold_all(this, std::move(stream));
                     },
                     &outcome_));
    settle(loop_);
  }
  static Co<void> hold_all(H2Raw* self, std::unique_ptr<ClientStream> stream) {
    std::string log;
    co_await swallow(*stream, &log);
    (void)co_await stream->send_head(answer(200, {}));
    (void)self;
  }
  std::string say(const std::string& bytes) {
    spawn(loop_, write_raw(*raw_, bytes));
    settle(loop_);
    std::string heard;
    std::vector<std::uint8_t> buffer(65536);
    for (;;) {
      auto step = raw_->try_read(buffer);
      if (!step || step->bytes == 0) break;
      heard.append(reinterpret_cast<const char*>(buffer.data()), step->bytes);
      settle(loop_);
    }
    return heard;
  }

  std::unique_ptr<ByteStream> raw_;
  int handled_ = 0;
};

TEST_F(H2Raw, FloodEndsTheConnectionWithItsName) {
  limits_.h2_control_frames_per_second = 50;
  connect();
  const std::string heard =
      say(test::preface() + test::times(100, test::frame(test::kPing, test::kNone, 0, "12345678")));
  EXPECT_NE(test::endings_in(heard).find("GOAWAY(ENHANCE_YOUR_CALM)"), std::string::npos);
  ASSERT_TRUE(outcome_);
  ASSERT_FALSE(*outcome_);
  EXPECT_NE(outcome_->error().what.find("h2_control_frames_per_second"), std::string::npos);
}

TEST_F(H2Raw, GarbageEndsTheConnection) {
  connect();
  say("SSH-2.0-OpenSSH_9.2\r\nxxxxxxxxxxxxxxxxxxxxxxxxxx");
  ASSERT_TRUE(outcome_);
  ASSERT_FALSE(*outcome_);
  EXPECT_EQ(outcome_->error().code, Errc::malformed);
}

TEST_F(H2Raw, ASlowPrefaceTimesOut) {
  connect();
  say("PRI * HTTP");
  pass(timeouts_.request_head + std::chrono::seconds(1));
  ASSERT_TRUE(outcome_);
  ASSERT_FALSE(*outcome_);
  EXPECT_EQ(outcome_->error().code, Errc::timeout);
}

TEST_F(H2Raw, ADrippedHeadTimesOut) {
  connect();
  say(test::preface());
  const std::string head = test::headers(1, test::get());
  for (std::size_t i = 0; i < head.size() && !outcome_; ++i) {
    say(head.substr(i, 1));
    pass(std::chrono::seconds(1));
  }
  ASSERT_TRUE(outcome_);
  ASSERT_FALSE(*outcome_);
  EXPECT_EQ(outcome_->error().code, Errc::timeout);
  EXPECT_EQ(handled_, 0);
}

TEST_F(H2Raw, EndInTheMiddleIsTruncated) {
  connect();
  say(test::preface() + test::headers(1, test::post(), false));
  EXPECT_EQ(handled_, 1);
  EXPECT_EQ(server_->active(), 1U);
  raw_->close(false);
  settle(loop_);
  EXPECT_EQ(server_->active(), 0U);
  ASSERT_TRUE(outcome_);
  ASSERT_FALSE(*outcome_);
  EXPECT_EQ(outcome_->error().code, Errc::truncated);
}

TEST_F(H2Raw, EndBetweenExchangesIsInOrder) {
  connect();
  say(test::preface() + test::headers(1, test::get()));
  EXPECT_EQ(handled_, 1);
  raw_->close(false);
  settle(loop_);
  ASSERT_TRUE(outcome_);
  EXPECT_TRUE(*outcome_);
}

TEST_F(H2Raw, AnswersOfOneTurnShareOneWrite) {
  connect();
  say(test::preface() + test::frame(test::kSettings, test::kAck, 0));
  spawn(loop_, write_raw(*raw_, test::headers(1, test::get()) + test::headers(3, test::get())));
  settle(loop_);
  std::vector<std::uint8_t> buffer(65536);
  const auto step = raw_->try_read(buffer);
  ASSERT_TRUE(step);
  EXPECT_EQ(test::frames_in(as_text(ByteView(buffer).first(step->bytes))).size(), 2U);
}

// Handlers may outlast their streams; new ones are refused until they end.
TEST_F(H2Raw, HandlersAreBounded) {
  limits_.h2_streams = 3;
  connect();
  std::string bytes = test::preface() + test::frame(test::kSettings, test::kAck, 0);
  for (std::uint32_t id = 1; id <= 5; id += 2) bytes += test::headers(id, test::post(), false);
  say(bytes);
  EXPECT_EQ(server_->active(), 3U);
  const std::string heard = say(test::rst(1, 8) + test::headers(7, test::post(), false));
  EXPECT_EQ(test::endings_in(heard), "RST(7,REFUSED_STREAM)");
  say(test::headers(9, test::post(), false));
  EXPECT_EQ(server_->active(), 3U);
  EXPECT_EQ(handled_, 4);
}

// --- raw origins

TEST_F(H2Held, SettledWaitsForTheOriginsSettings) {
  auto [near, far] = memory_pipe(loop_);
  origin_.emplace(loop_, std::move(near), OriginFacts{}, limits_, timeouts_);
  spawn(loop_, origin_->run());
  std::optional<Result<void>> told;
  spawn(loop_, test::keep_result(origin_->settled(kLong), &told));
  settle(loop_);
  EXPECT_FALSE(told);
  EXPECT_FALSE(origin_->supports_extended_connect());
  spawn(loop_, write_raw(*far, test::settings(test::setting(8, 1))));
  settle(loop_);
  ASSERT_TRUE(told);
  EXPECT_TRUE(*told);
  EXPECT_TRUE(origin_->supports_extended_connect());
  int changes = 0;
  origin_->on_change([&changes] { ++changes; });
  far->close(true);
  settle(loop_);
  EXPECT_EQ(changes, 1);
  EXPECT_FALSE(origin_->alive());
}

}  // namespace
}  // namespace weir
