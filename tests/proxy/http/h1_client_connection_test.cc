// Conversations with a client, byte by byte, over a connection in memory.
#include "proxy/http/h1_client_connection.h"

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

constexpr const char* kGet = "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n";
constexpr const char* kPost = "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\n";

// The client is a script: what it sends and what it has got is in plain sight.
struct Fixture {
  explicit Fixture(test::MemoryPipeOptions options = {})
      : pipe(memory_pipe(loop, options)), client(std::move(pipe.first)) {
    connection.emplace(loop, std::move(pipe.second), std::move(initial), limits, timeouts);
  }

  void send(std::string_view text) {
    auto step = client->try_write(as_bytes(text));
    ASSERT_TRUE(step && step->bytes == text.size());
  }
  // What has come since the last call; "." behind it: the end, "!": a reset.
  std::string got() {
    settle(loop);
    std::string all;
    std::array<std::uint8_t, 4096> buffer{};
    for (;;) {
      auto step = client->try_read(buffer);
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
  std::unique_ptr<ClientStream> request() {
    auto stream = run(loop, connection->next_request());
    EXPECT_TRUE(stream) << (stream ? "" : stream.error().what);
    return stream ? std::move(*stream) : nullptr;
  }
  Error no_request() {
    auto stream = run(loop, connection->next_request());
    EXPECT_FALSE(stream);
    return stream ? Error{} : stream.error();
  }

  ManualClock clock;
  Loop loop{clock};
  LimitSettings limits;
  TimeoutSettings timeouts;
  std::string initial;
  std::pair<std::unique_ptr<ByteStream>, std::unique_ptr<ByteStream>> pipe;
  std::unique_ptr<ByteStream> client;
  std::optional<H1ClientConnection> connection;
};

ResponseHead response(Framing framing, int status = 200) {
  ResponseHead head;
  head.status = status;
  head.framing = framing;
  return head;
}

Co<std::string> read_all(ClientStream& stream) {
  std::string all;
  for (;;) {
    auto piece = co_await stream.read_body();
    if (!piece) co_return all + "!" + std::string(errc_name(piece.error().code));
    if (!*piece) break;
    all += as_text(**piece);
  }
  for (const Field& field : stream.request_trailers()) all += " " + field.name + "=" + field.value;
  co_return all + ".";
}

Co<Result<void>> answer(ClientStream& stream, ResponseHead head, std::string body) {
  auto sent = co_await stream.send_head(head);
  if (sent && !body.empty()) sent = co_await stream.send_body(as_bytes(body));
  if (sent) sent = co_await stream.send_end({});
  co_return sent;
}

Result<void> answer_now(Fixture& on, ClientStream& stream, std::string body) {
  return run(on.loop, answer(stream, response({Kind::length, body.size()}), body));
}

TEST(H1ClientConnectionTest, KeepsAliveUntilTheClientEnds) {
  Fixture on;
  for (int i = 0; i < 3; ++i) {
    on.send(kGet);
    auto stream = on.request();
    EXPECT_EQ(stream->request().authority, "a.test");
    EXPECT_EQ(run(on.loop, read_all(*stream)), ".");
    EXPECT_TRUE(answer_now(on, *stream, "hi"));
    EXPECT_EQ(stream->bytes_out(), 2);
    stream.reset();
    EXPECT_EQ(on.got(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_TRUE(on.connection->usable());
  }
  on.client->shutdown_write();
  EXPECT_EQ(on.no_request().code, Errc::closed);
}

TEST(H1ClientConnectionTest, PipelinedRequestsWaitForTheirTurn) {
  Fixture on;
  on.send(std::string(kPost) + "Content-Length: 3\r\n\r\nabc" + kGet + kGet);
  auto first = on.request();
  EXPECT_EQ(run(on.loop, read_all(*first)), "abc.");
  bool gone = false;
  first->on_gone([&gone] { gone = true; });
  EXPECT_EQ(on.got(), "");
  EXPECT_TRUE(answer_now(on, *first, "1"));
  first.reset();
  auto second = on.request();
  EXPECT_EQ(second->request().method, "GET");
  EXPECT_TRUE(answer_now(on, *second, "2"));
  second.reset();
  auto third = on.request();
  EXPECT_TRUE(answer_now(on, *third, "3"));
  third.reset();
  EXPECT_EQ(
      on.got(),
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2"
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3");
  EXPECT_FALSE(gone);
}

TEST(H1ClientConnectionTest, RequestBodies) {
  const struct {
    const char* name;
    std::string sent;
    std::string want;
  } rows[] = {
      {"length", "Content-Length: 5\r\n\r\nhello", "hello."},
      {"none", "Content-Length: 0\r\n\r\n", "."},
      {"chunked", "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", "abcde."},
      {"trailers", "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n",
       "ab x-sum=1."},
      {"short", "Content-Length: 5\r\n\r\nhel", "hel!truncated"},
      {"chunk cut short", "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", "hel!truncated"},
      {"no last chunk", "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", "a!truncated"},
      {"bad chunk", "Transfer-Encoding: chunked\r\n\r\n1\r\nabc", "a!malformed"},
  };
  for (const auto& row : rows) {
    for (const std::size_t rechunk : {std::size_t{0}, std::size_t{1}, std::size_t{7}}) {
      SCOPED_TRACE(row.name);
      Fixture on({.forward = {.rechunk = rechunk}});
      on.send(kPost + row.sent);
      on.client->shutdown_write();
      auto stream = on.request();
      EXPECT_EQ(run(on.loop, read_all(*stream)), row.want);
    }
  }
}

TEST(H1ClientConnectionTest, ResponsesByVersionAndMethod) {
  const struct {
    const char* name;
    const char* line;
    ResponseHead head;
    std::string body;
    std::string want;
  } rows[] = {
      {"length", "GET http://a/ HTTP/1.1\r\nHost: a", response({Kind::length, 3}), "abc",
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"},
      {"unknown length", "GET http://a/ HTTP/1.1\r\nHost: a", response({Kind::until_close, 0}),
       "abc", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
      {"unknown length, 1.0", "GET http://a/ HTTP/1.0", response({Kind::chunked, 0}), "abc",
       "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc."},
      {"1.0 stays", "GET http://a/ HTTP/1.0\r\nConnection: keep-alive", response({Kind::length, 3}),
       "abc", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc"},
      {"close asked for", "GET http://a/ HTTP/1.1\r\nHost: a\r\nConnection: close",
       response({Kind::length, 3}), "abc",
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc."},
      {"head", "HEAD http://a/ HTTP/1.1\r\nHost: a", response({Kind::length, 3}), "",
       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"},
      {"a page for a head", "HEAD http://a/ HTTP/1.1\r\nHost: a", response({Kind::length, 3}),
       "abc", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"},
      {"204", "GET http://a/ HTTP/1.1\r\nHost: a", response({}, 204), "",
       "HTTP/1.1 204 No Content\r\n\r\n"},
      {"304", "GET http://a/ HTTP/1.1\r\nHost: a", response({Kind::length, 9}, 304), "",
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"},
      {"empty", "GET http://a/ HTTP/1.1\r\nHost: a", response({}), "",
       "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Fixture on;
    on.send(std::string(row.line) + "\r\n\r\n");
    auto stream = on.request();
    EXPECT_TRUE(run(on.loop, answer(*stream, row.head, row.body)));
    const bool stays = on.connection->usable();
    EXPECT_EQ(on.got(), row.want);
    EXPECT_EQ(stays, !row.want.ends_with('.'));
  }
}

TEST(H1ClientConnectionTest, ChunksLargeAndSmallWithTrailers) {
  Fixture on({.capacity = 1024 * 1024});
  on.send(kGet);
  auto stream = on.request();
  const std::string large(40'000, 'x');
  Fields trailers;
  trailers.add("x-sum", "1");
  EXPECT_TRUE(run(on.loop, stream->send_head(response({Kind::chunked, 0}))));
  EXPECT_EQ(on.got(), "");  // leaves with the first piece
  EXPECT_TRUE(run(on.loop, stream->send_body(as_bytes("ab"))));
  EXPECT_EQ(on.got(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  EXPECT_TRUE(run(on.loop, stream->send_body(as_bytes(large))));
  EXPECT_EQ(on.got(), "9c40\r\n" + large);
  EXPECT_TRUE(run(on.loop, stream->send_end(trailers)));
  EXPECT_EQ(on.got(), "\r\n0\r\nX-Sum: 1\r\n\r\n");
  EXPECT_EQ(stream->bytes_out(), 40'002);
}

TEST(H1ClientConnectionTest, AHeadIsFlushedWhenItsBodyIsLongInComing) {
  Fixture on;
  on.send(kGet);
  auto stream = on.request();
  EXPECT_TRUE(run(on.loop, stream->send_head(response({Kind::chunked, 0}))));
  EXPECT_TRUE(run(on.loop, stream->flush()));
  EXPECT_EQ(on.got(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(H1ClientConnectionTest, InformationalResponses) {
  Fixture on;
  on.send(std::string(kPost) + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  auto stream = on.request();
  EXPECT_TRUE(stream->request().expect_continue);
  ResponseHead hints = response({}, 103);
  hints.fields.add("link", "</x>");
  EXPECT_TRUE(run(on.loop, stream->send_informational(hints)));
  EXPECT_TRUE(run(on.loop, stream->send_informational(response({}, 100))));
  EXPECT_TRUE(run(on.loop, stream->send_informational(response({}, 100))));
  EXPECT_EQ(on.got(),
            "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
  on.send("ab");
  EXPECT_EQ(run(on.loop, read_all(*stream)), "ab.");
  EXPECT_EQ(on.got(), "");
}

TEST(H1ClientConnectionTest, AClientThatWaitsForA100IsInvitedWhenItsBodyIsRead) {
  Fixture on;
  on.send(std::string(kPost) + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  auto stream = on.request();
  std::optional<std::string> body;
  test::spawn(on.loop, test::keep_result(read_all(*stream), &body));
  EXPECT_EQ(on.got(), "HTTP/1.1 100 Continue\r\n\r\n");
  on.send("ab");
  settle(on.loop);
  EXPECT_EQ(body, "ab.");
}

TEST(H1ClientConnectionTest, NoInvitationWhenTheBodyIsHere) {
  Fixture on;
  on.send(std::string(kPost) + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab");
  auto stream = on.request();
  EXPECT_EQ(run(on.loop, read_all(*stream)), "ab.");
  EXPECT_EQ(on.got(), "");
}

TEST(H1ClientConnectionTest, AnsweringBeforeThe100EndsTheConnection) {
  Fixture on;
  on.send(std::string(kPost) + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  auto stream = on.request();
  EXPECT_TRUE(answer_now(on, *stream, "no"));
  EXPECT_EQ(on.got(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno.");
  EXPECT_FALSE(on.connection->usable());
}

TEST(H1ClientConnectionTest, HTTP10GetsNoInformationalResponses) {
  Fixture on;
  on.send("POST http://a/ HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  auto stream = on.request();
  EXPECT_TRUE(run(on.loop, stream->send_informational(response({}, 103))));
  std::optional<std::string> body;
  test::spawn(on.loop, test::keep_result(read_all(*stream), &body));
  EXPECT_EQ(on.got(), "");
  on.send("ab");
  settle(on.loop);
  EXPECT_EQ(body, "ab.");
}

TEST(H1ClientConnectionTest, ABodyThatNobodyReadIsSkippedIfItIsShort) {
  const struct {
    std::size_t size;
    bool stays;
  } rows[] = {{10, true}, {60'000, true}, {200'000, false}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.size);
    Fixture on({.capacity = 1024 * 1024});
    on.send(std::string(kPost) + "Content-Length: " + std::to_string(row.size) + "\r\n\r\n" +
            std::string(row.size, 'x') + kGet);
    on.client->shutdown_write();
    auto stream = on.request();
    EXPECT_TRUE(answer_now(on, *stream, "hi"));
    stream.reset();
    if (row.stays) {
      EXPECT_EQ(on.request()->request().method, "GET");
    } else {
      EXPECT_EQ(on.no_request().code, Errc::closed);
    }
  }
}

TEST(H1ClientConnectionTest, ABodyThatWentWrongEndsTheConnection) {
  Fixture on;
  on.send(std::string(kPost) + "Transfer-Encoding: chunked\r\n\r\nxx\r\n" + kGet);
  on.client->shutdown_write();
  auto stream = on.request();
  EXPECT_EQ(run(on.loop, read_all(*stream)), "!malformed");
  EXPECT_TRUE(answer_now(on, *stream, "bad"));
  EXPECT_EQ(on.got(), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbad.");
  stream.reset();
  EXPECT_EQ(on.no_request().code, Errc::closed);
}

TEST(H1ClientConnectionTest, AnUnreadableRequestCanBeAnswered) {
  Fixture on;
  on.send("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\nmore and more");
  const Error error = on.no_request();
  EXPECT_EQ(error.code, Errc::malformed);
  EXPECT_TRUE(error.what.starts_with("space-before-colon"));
  on.client->shutdown_write();
  auto stream = on.connection->stream_for_error();
  EXPECT_TRUE(run(on.loop, answer(*stream, response({Kind::length, 3}, 400), "bad")));
  EXPECT_EQ(on.got(),
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbad.");
  EXPECT_FALSE(on.connection->usable());
}

TEST(H1ClientConnectionTest, HowRequestsDoNotCome) {
  const struct {
    const char* name;
    std::string sent;
    bool ends;
    Duration then;
    Errc want;
  } rows[] = {
      {"ended", "", true, {}, Errc::closed},
      {"ended in a head", "GET / HT", true, {}, Errc::truncated},
      {"idle for too long", "", false, seconds(121), Errc::closed},
      {"slow head", "GET / HT", false, seconds(16), Errc::timeout},
      {"too large", "GET / HTTP/1.1\r\nX: " + std::string(70'000, 'x'), false, {}, Errc::too_large},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", false, {}, Errc::unsupported},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Fixture on({.capacity = 1024 * 1024});
    on.send(row.sent);
    if (row.ends) on.client->shutdown_write();
    auto stream = on.after(row.then, on.connection->next_request());
    ASSERT_FALSE(stream);
    EXPECT_EQ(stream.error().code, row.want);
    EXPECT_FALSE(on.connection->usable());
  }
}

TEST(H1ClientConnectionTest, AHeadBytewiseWithinItsTime) {
  Fixture on({.forward = {.rechunk = 1}});
  on.send(kGet);
  EXPECT_EQ(on.request()->request().path, "/");
}

TEST(H1ClientConnectionTest, HeadsLargerThanABuffer) {
  ManualClock clock;
  Loop loop(clock);
  auto [client, server] = memory_pipe(loop, {.capacity = 1024 * 1024});
  LimitSettings limits;
  limits.header_bytes = 200'000;
  H1ClientConnection connection(loop, std::move(server), {}, limits, {});
  const std::string text =
      "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nX: " + std::string(150'000, 'x') + "\r\n\r\n";
  ASSERT_TRUE(client->try_write(as_bytes(text)));
  auto stream = run(loop, connection.next_request());
  ASSERT_TRUE(stream);
  EXPECT_EQ((*stream)->request().fields.get("x").size(), 150'000);
}

TEST(H1ClientConnectionTest, NoticesThatTheClientIsGone) {
  const struct {
    const char* name;
    bool abrupt;
  } rows[] = {{"closed", false}, {"reset", true}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Fixture on;
    on.send(kGet);
    auto stream = on.request();
    int calls = 0;
    stream->on_gone([&calls] { ++calls; });
    settle(on.loop);
    EXPECT_EQ(calls, 0);
    EXPECT_FALSE(stream->gone());
    on.client->close(row.abrupt);
    settle(on.loop);
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(stream->gone());
  }
}

TEST(H1ClientConnectionTest, AskedLateItTellsAtOnceThatTheClientIsGone) {
  Fixture on;
  on.send(std::string(kPost) + "Content-Length: 9\r\n\r\nab");
  on.client->shutdown_write();
  auto stream = on.request();
  EXPECT_EQ(run(on.loop, read_all(*stream)), "ab!truncated");
  int calls = 0;
  stream->on_gone([&calls] { ++calls; });
  EXPECT_EQ(calls, 0);  // from the loop, not from inside
  settle(on.loop);
  EXPECT_EQ(calls, 1);
}

TEST(H1ClientConnectionTest, NobodyIsToldAfterTheEndOrWhenCleared) {
  for (const bool cleared : {false, true}) {
    Fixture on;
    on.send(kGet);
    auto stream = on.request();
    int calls = 0;
    stream->on_gone([&calls] { ++calls; });
    settle(on.loop);
    if (cleared) {
      stream->on_gone({});
    } else {
      EXPECT_TRUE(answer_now(on, *stream, "hi"));
    }
    on.client->close(true);
    settle(on.loop);
    EXPECT_EQ(calls, 0);
  }
}

TEST(H1ClientConnectionTest, TheNextRequestIsReadByWhoLooksOut) {
  Fixture on;
  for (int i = 0; i < 3; ++i) {
    on.send(kGet);
    auto stream = on.request();
    stream->on_gone([] { ADD_FAILURE() << "still here"; });
    settle(on.loop);
    EXPECT_TRUE(answer_now(on, *stream, "hi"));
    stream.reset();
    on.got();
  }
  on.client->shutdown_write();
  EXPECT_EQ(on.no_request().code, Errc::closed);
}

TEST(H1ClientConnectionTest, ResetShowsATruncatedResponse) {
  const struct {
    const char* name;
    const char* line;
    Framing framing;
    bool shows;
    std::string want;
  } rows[] = {
      {"length",
       "GET http://a/ HTTP/1.1\r\nHost: a",
       {Kind::length, 9},
       true,
       "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc."},
      {"chunked",
       "GET http://a/ HTTP/1.1\r\nHost: a",
       {Kind::chunked, 0},
       true,
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n."},
      {"1.0 until close",
       "GET http://a/ HTTP/1.0",
       {Kind::chunked, 0},
       false,
       "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc!"},
  };
  for (const auto& row : rows) {
    for (const bool explicitly : {true, false}) {
      SCOPED_TRACE(row.name);
      Fixture on;
      on.send(std::string(row.line) + "\r\n\r\n");
      auto stream = on.request();
      EXPECT_TRUE(run(on.loop, stream->send_head(response(row.framing))));
      EXPECT_TRUE(run(on.loop, stream->send_body(as_bytes("abc"))));
      EXPECT_EQ(stream->can_show_truncation(), row.shows);
      if (explicitly) {
        stream->reset();
        EXPECT_FALSE(run(on.loop, stream->send_body(as_bytes("def"))));
        EXPECT_FALSE(run(on.loop, stream->send_end({})));
      }
      stream.reset();
      EXPECT_EQ(on.got(), row.want);
      EXPECT_FALSE(on.connection->usable());
    }
  }
}

TEST(H1ClientConnectionTest, ALengthIsNeitherExceededNorLeftShort) {
  Fixture on;
  on.send(kGet);
  auto stream = on.request();
  EXPECT_TRUE(run(on.loop, stream->send_head(response({Kind::length, 4}))));
  EXPECT_EQ(run(on.loop, stream->send_body(as_bytes("abcde"))).error().code, Errc::internal);
  EXPECT_TRUE(run(on.loop, stream->send_body(as_bytes("abc"))));
  EXPECT_EQ(run(on.loop, stream->send_end({})).error().code, Errc::internal);
  stream.reset();
  EXPECT_EQ(on.got(), "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc.");
}

TEST(H1ClientConnectionTest, ConnectHandsTheConnectionOver) {
  Fixture on;
  on.send("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\nhello");
  auto stream = on.request();
  ResponseHead head = response({});
  head.reason = "Connection established";
  EXPECT_TRUE(run(on.loop, stream->send_head(head)));
  stream.reset();
  EXPECT_EQ(on.got(), "HTTP/1.1 200 Connection established\r\n\r\n");
  auto [raw, rest] = on.connection->take_stream();
  EXPECT_EQ(rest, "hello");
  EXPECT_FALSE(on.connection->usable());
  on.send("more");
  std::array<std::uint8_t, 16> buffer{};
  EXPECT_EQ(run(on.loop, raw->read_some(buffer, seconds(1))).value(), 4);
}

TEST(H1ClientConnectionTest, ARefusedConnectKeepsTheConnection) {
  Fixture on;
  on.send("CONNECT a.test:1 HTTP/1.1\r\nHost: a.test:1\r\n\r\n");
  auto stream = on.request();
  EXPECT_TRUE(run(on.loop, answer(*stream, response({Kind::length, 2}, 403), "no")));
  stream.reset();
  EXPECT_EQ(on.got(), "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  on.send(kGet);
  EXPECT_EQ(on.request()->request().method, "GET");
}

TEST(H1ClientConnectionTest, AnUpgradedConnectionCarriesBytesBothWays) {
  Fixture on;
  on.send(
      "GET http://a/ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nup");
  auto stream = on.request();
  EXPECT_EQ(stream->request().protocol, "websocket");
  stream->on_gone([] { ADD_FAILURE() << "an end of one direction is not the end"; });
  settle(on.loop);
  ResponseHead head = response({}, 101);
  head.upgrade = "websocket";
  EXPECT_TRUE(run(on.loop, stream->send_head(head)));
  EXPECT_EQ(
      on.got(),
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  auto piece = run(on.loop, stream->read_body());
  EXPECT_EQ(as_text(piece->value()), "up");
  on.send("again");
  piece = run(on.loop, stream->read_body());
  EXPECT_EQ(as_text(piece->value()), "again");
  on.client->shutdown_write();
  piece = run(on.loop, stream->read_body());
  EXPECT_TRUE(piece && !*piece);
  EXPECT_FALSE(stream->gone());
  EXPECT_TRUE(run(on.loop, stream->send_body(as_bytes("down"))));
  EXPECT_TRUE(run(on.loop, stream->send_end({})));
  EXPECT_EQ(on.got(), "down.");
  EXPECT_EQ(stream->bytes_out(), 4);
  stream.reset();
  EXPECT_FALSE(on.connection->usable());
}

TEST(H1ClientConnectionTest, AClientThatTakesNothing) {
  Fixture on({.capacity = 1000});
  on.send(kGet);
  auto stream = on.request();
  EXPECT_TRUE(run(on.loop, stream->send_head(response({Kind::length, 5000}))));
  const std::string body(5000, 'x');
  auto sent = on.after(seconds(61), stream->send_body(as_bytes(body)));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::timeout);
  EXPECT_EQ(sent.error().fault, Fault::client);
  EXPECT_TRUE(stream->gone());
}

TEST(H1ClientConnectionTest, AClientThatSendsNoMore) {
  Fixture on;
  on.send(std::string(kPost) + "Content-Length: 5\r\n\r\nab");
  auto stream = on.request();
  EXPECT_EQ(on.after(seconds(61), read_all(*stream)), "ab!timeout");
}

TEST(H1ClientConnectionTest, ResetWakesWhoReads) {
  Fixture on;
  on.send(std::string(kPost) + "Content-Length: 5\r\n\r\nab");
  auto stream = on.request();
  std::optional<std::string> body;
  test::spawn(on.loop, test::keep_result(read_all(*stream), &body));
  settle(on.loop);
  EXPECT_FALSE(body);
  stream->reset();
  settle(on.loop);
  EXPECT_EQ(body, "ab!cancelled");
}

TEST(H1ClientConnectionTest, Draining) {
  Fixture idle;
  std::optional<Result<std::unique_ptr<ClientStream>>> none;
  test::spawn(idle.loop, test::keep_result(idle.connection->next_request(), &none));
  settle(idle.loop);
  EXPECT_FALSE(none);
  idle.connection->drain();
  EXPECT_EQ(idle.got(), ".");
  ASSERT_TRUE(none && !*none);
  EXPECT_EQ(none->error().code, Errc::closed);

  Fixture busy;
  busy.send(kGet);
  auto stream = busy.request();
  busy.connection->drain();
  EXPECT_TRUE(answer_now(busy, *stream, "hi"));
  EXPECT_EQ(busy.got(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi.");
}

TEST(H1ClientConnectionTest, BytesReadBeforeAreTheFirst) {
  ManualClock clock;
  Loop loop(clock);
  auto [client, server] = memory_pipe(loop);
  const std::string text = kGet;
  H1ClientConnection connection(loop, std::move(server), text.substr(0, 10), {}, {});
  ASSERT_TRUE(client->try_write(as_bytes(text.substr(10))));
  auto stream = run(loop, connection.next_request());
  EXPECT_TRUE(stream);
}

TEST(H1ClientConnectionTest, MayGoWhileItsStreamIsInUse) {
  Fixture on;
  on.send(kGet);
  auto stream = on.request();
  stream->on_gone([] {});
  settle(on.loop);
  on.connection.reset();
  EXPECT_FALSE(answer_now(on, *stream, "hi"));
  EXPECT_EQ(on.got(), "!");
}

}  // namespace
}  // namespace weir
