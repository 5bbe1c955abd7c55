// Conversations with an origin, byte by byte, over a connection in memory.
#include "proxy/http/h1_origin_connection.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>

#include "proxy/net/deadline.h"
#include "tests/support/memory_stream.h"
#include "tests/support/run_loop.h"

namespace weir {
namespace {

using std::chrono::seconds;
using test::memory_pipe;
using test::run;
using test::settle;
using Kind = Framing::Kind;

RequestHead request(std::string method = "GET", Framing framing = {}) {
  RequestHead head;
  head.method = std::move(method);
  head.authority = "a.test";
  head.path = "/";
  head.framing = framing;
  return head;
}

constexpr const char* kGetSent = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

struct Fixture {
  explicit Fixture(test::MemoryPipeOptions options = {})
      : pipe(memory_pipe(loop, options)), origin(std::move(pipe.second)) {
    OriginFacts facts;
    facts.connect = seconds(1);
    connection.emplace(loop, std::move(pipe.first), std::move(facts), LimitSettings{},
                       TimeoutSettings{});
  }

  void send(std::string_view text) {
    auto step = origin->try_write(as_bytes(text));
    ASSERT_TRUE(step && step->bytes == text.size());
  }
  std::string got() {
    settle(loop);
    std::string all;
    std::array<std::uint8_t, 4096> buffer{};
    for (;;) {
      auto step = origin->try_read(buffer);
      if (!step) return all + "!";
      if (step->eof) return all + ".";
      if (step->bytes == 0) return all;
      all += as_text(ByteView(buffer).first(step->bytes));
      settle(loop);
    }
  }
  // Runs `work` until it waits, lets the time pass, and runs it on.
  template <class T>
  T after(Duration by, Co<T> work) {
    std::optional<T> result;
    test::spawn(loop, test::keep_result(std::move(work), &result));
    settle(loop);
    clock.advance(by);
    loop.deadlines().tick();
    settle(loop);
    if (!result) throw std::runtime_error("still waiting");
    return std::move(*result);
  }
  std::unique_ptr<OriginStream> asked(const RequestHead& head) {
    auto stream = connection->start();
    EXPECT_TRUE(stream && run(loop, stream->send_head(head)));
    return stream;
  }

  ManualClock clock;
  Loop loop{clock};
  std::pair<std::unique_ptr<ByteStream>, std::unique_ptr<ByteStream>> pipe;
  std::unique_ptr<ByteStream> origin;
  std::optional<H1OriginConnection> connection;
};

// All of a response: heads, body, trailers, and how it ended.
Co<std::string> read_response(OriginStream& stream) {
  std::string all;
  for (bool last = false; !last;) {
    auto head = co_await stream.read_head(seconds(5));
    if (!head) {
      co_return all + "!" + std::string(errc_name(head.error().code)) +
          (head.error().retryable ? " again" : "");
    }
    last = !head->informational() || head->status == 101;
    all += std::to_string(head->status) + " ";
  }
  for (;;) {
    auto piece = co_await stream.read_body(seconds(5));
    if (!piece) co_return all + "!" + std::string(errc_name(piece.error().code));
    if (!*piece) break;
    all += as_text(**piece);
  }
  for (const Field& field : stream.response_trailers()) all += " " + field.name + "=" + field.value;
  co_return all + ".";
}

TEST(H1OriginConnectionTest, ReusedWhenBothSidesAreThrough) {
  Fixture on;
  int done = 0;
  on.connection->on_done([&done] { ++done; });
  for (int i = 0; i < 3; ++i) {
    auto stream = on.asked(request());
    EXPECT_EQ(stream->facts().reused, i > 0);
    EXPECT_EQ(stream->facts().connect, i > 0 ? Duration{} : Duration(seconds(1)));
    EXPECT_EQ(stream->facts().protocol, "http/1.1");
    EXPECT_EQ(on.got(), kGetSent);
    EXPECT_EQ(on.connection->start(), nullptr);
    EXPECT_FALSE(on.connection->reusable());
    on.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_EQ(run(on.loop, read_response(*stream)), "200 hi.");
    stream.reset();
    EXPECT_EQ(done, i + 1);
    EXPECT_TRUE(on.connection->reusable());
  }
}

TEST(H1OriginConnectionTest, ResponsesAndWhetherTheConnectionStays) {
  const struct {
    const char* name;
    const char* method;
    std::string sent;
    bool ends;
    std::string want;
    bool stays;
  } rows[] = {
      {"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, "200 hi.", true},
      {"chunked", "GET",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", false,
       "200 hi.", true},
      {"trailers", "GET",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: 1\r\n\r\n", false,
       "200 hi x=1.", true},
      {"head", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", false, "200 .", true},
      {"204", "GET", "HTTP/1.1 204 No\r\n\r\n", false, "204 .", true},
      {"304", "GET", "HTTP/1.1 304 No\r\nContent-Length: 9\r\n\r\n", false, "304 .", true},
      {"103 and 100 before", "GET",
       "HTTP/1.1 103 X\r\nLink: x\r\n\r\nHTTP/1.1 100 X\r\n\r\nHTTP/1.1 204 No\r\n\r\n", false,
       "103 100 204 .", true},
      {"close", "GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", false,
       "200 hi.", false},
      {"1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, "200 hi.", false},
      {"until close", "GET", "HTTP/1.1 200 OK\r\n\r\nhi", true, "200 hi.", false},
      {"more than its length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiho", false,
       "200 hi.", false},
      {"a body for a head", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false,
       "200 .", false},
      {"complete, then ended", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", true,
       "200 hi.", false},
      {"short", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", true, "200 hi!truncated",
       false},
      {"chunks cut short", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
       true, "200 hi!truncated", false},
      {"no last chunk", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
       true, "200 hi!truncated", false},
      {"cut in the head", "GET", "HTTP/1.1 200 OK\r\nCon", true, "!truncated", false},
      {"nothing", "GET", "", true, "!truncated", false},
      {"malformed", "GET", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", false, "!malformed", false},
      {"bad chunk", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false,
       "200 !malformed", false},
      {"101 nobody asked for", "GET",
       "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", false, "!malformed",
       false},
  };
  for (const auto& row : rows) {
    for (const std::size_t rechunk : {std::size_t{0}, std::size_t{1}, std::size_t{5}}) {
      SCOPED_TRACE(row.name);
      Fixture on({.backward = {.rechunk = rechunk}});
      auto stream = on.asked(request(row.method));
      on.send(row.sent);
      if (row.ends) on.origin->shutdown_write();
      EXPECT_EQ(run(on.loop, read_response(*stream)), row.want);
      stream.reset();
      EXPECT_EQ(on.connection->reusable(), row.stays);
    }
  }
}

TEST(H1OriginConnectionTest, AnAbruptEndIsNeverAComplete) {
  for (const char* head : {"HTTP/1.1 200 OK\r\n\r\nhi", "HTTP/1.0 200 OK\r\n\r\nhi",
                           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi"}) {
    Fixture on({.backward = {.close_after = std::string_view(head).size(), .abrupt = true}});
    auto stream = on.asked(request());
    on.send(head);
    EXPECT_EQ(run(on.loop, read_response(*stream)), "200 hi!truncated");
  }
}

TEST(H1OriginConnectionTest, BodiesLeaveWithTheirHead) {
  Fixture on;
  auto stream = on.asked(request("POST", {Kind::length, 5}));
  EXPECT_EQ(on.got(), "");
  EXPECT_TRUE(run(on.loop, stream->send_body(as_bytes("hel"))));
  EXPECT_EQ(on.got(), "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhel");
  EXPECT_TRUE(run(on.loop, stream->send_body(as_bytes("lo"))));
  EXPECT_TRUE(run(on.loop, stream->send_end({})));
  EXPECT_EQ(on.got(), "lo");
  on.send("HTTP/1.1 204 No\r\n\r\n");
  EXPECT_EQ(run(on.loop, read_response(*stream)), "204 .");
  stream.reset();
  EXPECT_TRUE(on.connection->reusable());
}

TEST(H1OriginConnectionTest, ChunkedBodiesWithTrailers) {
  Fixture on;
  auto stream = on.asked(request("POST", {Kind::chunked, 0}));
  EXPECT_TRUE(run(on.loop, stream->send_body(as_bytes("hello"))));
  Fields trailers;
  trailers.add("x-sum", "1");
  EXPECT_TRUE(run(on.loop, stream->send_end(trailers)));
  EXPECT_EQ(on.got(),
            "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n");
}

TEST(H1OriginConnectionTest, TheHeadDoesNotWaitForABodyThatIsLongInComing) {
  Fixture on;
  auto stream = on.asked(request("POST", {Kind::chunked, 0}));
  std::optional<std::string> response;
  test::spawn(on.loop, test::keep_result(read_response(*stream), &response));
  EXPECT_EQ(on.got(), "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
  on.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
  settle(on.loop);
  EXPECT_TRUE(run(on.loop, stream->send_body(as_bytes("later"))));
  EXPECT_TRUE(run(on.loop, stream->send_end({})));
  EXPECT_EQ(on.got(), "5\r\nlater\r\n0\r\n\r\n");
  on.send("0\r\n\r\n");
  settle(on.loop);
  EXPECT_EQ(response, "200 hi.");
  stream.reset();
  EXPECT_TRUE(on.connection->reusable());
}

TEST(H1OriginConnectionTest, AnExpectationLeavesAtOnce) {
  Fixture on;
  RequestHead head = request("PUT", {Kind::length, 2});
  head.expect_continue = true;
  auto stream = on.asked(head);
  EXPECT_EQ(on.got(),
            "PUT / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  on.send("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(run(on.loop, read_response(*stream)), "417 .");
  stream.reset();  // the body was never sent
  EXPECT_FALSE(on.connection->reusable());
}

TEST(H1OriginConnectionTest, AnAnswerBeforeTheWholeRequestCanBeRead) {
  Fixture on;
  auto stream = on.asked(request("POST", {Kind::length, 100}));
  EXPECT_TRUE(run(on.loop, stream->send_body(as_bytes("some"))));
  on.send("HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_EQ(run(on.loop, read_response(*stream)), "413 no.");
  stream.reset();
  EXPECT_FALSE(on.connection->reusable());
}

// The pool's race: an origin that closes an idle connection just when it is used again.
TEST(H1OriginConnectionTest, WhichFailuresMayBeTriedAgain) {
  const struct {
    const char* name;
    const char* method;
    bool reused;
    std::string sent;
    bool abrupt;
    std::string want;
  } rows[] = {
      {"reused, closed", "GET", true, "", false, "!truncated again"},
      {"reused, reset", "GET", true, "", true, "!truncated again"},
      {"reused, but not idempotent", "POST", true, "", false, "!truncated"},
      {"reused, but it had begun", "GET", true, "HTTP/1.1 2", false, "!truncated"},
      {"fresh", "GET", false, "", false, "!truncated"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Fixture on;
    if (row.reused) {
      auto first = on.asked(request());
      on.send("HTTP/1.1 204 No\r\n\r\n");
      EXPECT_EQ(run(on.loop, read_response(*first)), "204 .");
    }
    auto stream = on.asked(request(row.method));
    if (!row.sent.empty()) on.send(row.sent);
    on.origin->close(row.abrupt);
    EXPECT_EQ(run(on.loop, read_response(*stream)), row.want);
  }
}

TEST(H1OriginConnectionTest, OneThatRestedBeforeItsFirstExchangeMayHaveGone) {
  for (const bool rested : {true, false}) {
    Fixture on;
    if (rested) on.connection->note_rest();
    auto stream = on.asked(request());
    on.origin->close(false);
    EXPECT_EQ(run(on.loop, read_response(*stream)), rested ? "!truncated again" : "!truncated");
  }
}

TEST(H1OriginConnectionTest, WhatWasNeverSentMayBeTriedAgainWhateverItIs) {
  for (const char* method : {"POST", "PATCH", "DELETE"}) {
    Fixture on;
    auto stream = on.connection->start();
    on.origin->close(true);
    auto sent = run(on.loop, stream->send_head(request(method)));
    ASSERT_FALSE(sent) << method;
    EXPECT_TRUE(sent.error().retryable) << method;
  }
}

TEST(H1OriginConnectionTest, AWriteOnAConnectionThatIsGoneMayBeTriedAgain) {
  Fixture on;
  auto first = on.asked(request());
  on.send("HTTP/1.1 204 No\r\n\r\n");
  EXPECT_EQ(run(on.loop, read_response(*first)), "204 .");
  first.reset();
  auto stream = on.connection->start();
  on.origin->close(true);
  auto sent = run(on.loop, stream->send_head(request()));
  ASSERT_FALSE(sent);
  EXPECT_TRUE(sent.error().retryable);
  EXPECT_EQ(sent.error().fault, Fault::origin);
}

TEST(H1OriginConnectionTest, AnIdleConnectionThatSpeaksOrEndsIsNotReused) {
  const struct {
    const char* name;
    std::string sent;
    bool ends;
  } rows[] = {{"speaks", "HTTP/1.1 408 Timeout\r\n\r\n", false}, {"ends", "", true}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Fixture on;
    auto stream = on.asked(request());
    on.send("HTTP/1.1 204 No\r\n\r\n");
    EXPECT_EQ(run(on.loop, read_response(*stream)), "204 .");
    stream.reset();
    EXPECT_TRUE(on.connection->reusable());
    if (!row.sent.empty()) on.send(row.sent);
    if (row.ends) on.origin->shutdown_write();
    EXPECT_FALSE(on.connection->reusable());
  }
}

TEST(H1OriginConnectionTest, AnUpgradeCarriesBytesBothWays) {
  Fixture on;
  RequestHead head = request();
  head.protocol = "websocket";
  auto stream = on.asked(head);
  EXPECT_EQ(on.got(),
            "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  on.send("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\ndown");
  auto answer = run(on.loop, stream->read_head(seconds(1)));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->upgrade, "websocket");
  EXPECT_TRUE(run(on.loop, stream->send_body(as_bytes("up"))));
  EXPECT_EQ(on.got(), "up");
  auto piece = run(on.loop, stream->read_body(seconds(1)));
  EXPECT_EQ(as_text(piece->value()), "down");
  EXPECT_TRUE(run(on.loop, stream->send_end({})));
  EXPECT_EQ(on.got(), ".");
  on.origin->shutdown_write();
  piece = run(on.loop, stream->read_body(seconds(1)));
  EXPECT_TRUE(piece && !*piece);
  stream.reset();
  EXPECT_FALSE(on.connection->reusable());
}

TEST(H1OriginConnectionTest, ATunnelThroughAParent) {
  Fixture on;
  auto stream = on.asked([] {
    RequestHead head = request("CONNECT");
    head.authority = "a.test:443";
    return head;
  }());
  EXPECT_EQ(on.got(), "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
  on.send("HTTP/1.1 200 OK\r\n\r\nraw");
  on.origin->shutdown_write();
  EXPECT_EQ(run(on.loop, read_response(*stream)), "200 raw.");
}

TEST(H1OriginConnectionTest, TimeOuts) {
  Fixture on;
  auto stream = on.asked(request());
  auto head = on.after(seconds(6), stream->read_head(seconds(5)));
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, Errc::timeout);
  EXPECT_EQ(head.error().fault, Fault::origin);
  EXPECT_FALSE(head.error().retryable);
  on.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  EXPECT_TRUE(run(on.loop, stream->read_head(seconds(5))));
  EXPECT_EQ(on.after(seconds(6), stream->read_body(seconds(5))).error().code, Errc::timeout);
}

TEST(H1OriginConnectionTest, ResetWakesWhoWaits) {
  Fixture on;
  auto stream = on.asked(request());
  std::optional<std::string> response;
  test::spawn(on.loop, test::keep_result(read_response(*stream), &response));
  settle(on.loop);
  stream->reset();
  settle(on.loop);
  EXPECT_EQ(response, "!cancelled");
  EXPECT_EQ(on.got(), std::string(kGetSent) + "!");
}

TEST(H1OriginConnectionTest, MayGoBeforeItsStreamAndInItsCallback) {
  Fixture on;
  auto stream = on.asked(request());
  on.connection.reset();
  EXPECT_EQ(run(on.loop, read_response(*stream)), "!cancelled");
  stream.reset();

  Fixture other;
  auto second = other.asked(request());
  other.connection->on_done([&other] { other.connection.reset(); });
  second.reset();
  EXPECT_FALSE(other.connection);
}

TEST(H1OriginConnectionTest, WhatCannotBeCarriedIsNotSent) {
  Fixture on;
  auto stream = on.connection->start();
  RequestHead head = request();
  head.path = "/a b";
  auto sent = run(on.loop, stream->send_head(head));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::malformed);
  EXPECT_EQ(on.got(), "");
}

}  // namespace
}  // namespace weir
