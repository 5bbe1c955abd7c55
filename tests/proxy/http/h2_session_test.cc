#include "proxy/http/h2_session.h"

#include <gtest/gtest.h>

#include "tests/proxy/http/h2_frames.h"

namespace weir {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace): the vocabulary of these tests

LimitSettings tight() {
  LimitSettings limits;
  limits.header_bytes = 4000;
  limits.header_count = 20;
  limits.h2_control_frames_per_second = 50;
  limits.h2_resets_per_minute = 10;
  limits.h2_streams = 8;
  limits.h2_window_bytes = 32 * 1024;
  return limits;
}

// An indexed field that refers to one large entry in the dynamic table, again and again.
std::string hpack_bomb(const Pairs& head) {
  std::string out = block(head);
  const std::string value(3900, 'a');
  out += '\x40' + hpack_length(1) + "x" + hpack_length(value.size()) + value;
  return out + std::string(4000, '\xbe');  // index 62: the newest dynamic entry
}

std::string request_and_reset(std::uint32_t id) { return headers(id, get()) + rst(id, 8); }

std::string rapid_resets(std::uint32_t count) {
  std::string out;
  for (std::uint32_t i = 0; i < count; ++i) out += request_and_reset(2 * i + 1);
  return out;
}

// Streams that we must reset through the client's fault.
std::string provoked_resets(std::uint32_t count) {
  std::string out;
  for (std::uint32_t i = 0; i < count; ++i) out += headers(2 * i + 1, get("bad"));
  return out;
}

struct Hostile {
  const char* name;
  std::string bytes;  // after the preface
  const char* endings;
  const char* error;  // of feed(), "" = the connection lives
};

std::vector<Hostile> violations() {
  const std::string upper = block(plus(get(), {{"X-A", "1"}}));
  return {
      {"good", headers(1, get()), "", ""},
      {"malformed head", headers(1, get("x")), "RST(1,PROTOCOL_ERROR)", ""},
      {"upper-case name", frame(kHeaders, kEndHeaders | kEndStream, 1, upper),
       "RST(1,PROTOCOL_ERROR)", ""},
      {"connection field", headers(1, plus(get(), {{"connection", "close"}})),
       "RST(1,PROTOCOL_ERROR)", ""},
      {"CR LF", headers(1, plus(get(), {{"x", "a\r\nb"}})), "RST(1,PROTOCOL_ERROR)", ""},
      {"NUL", headers(1, plus(get(), {{"x", std::string("a\0", 2)}})), "RST(1,PROTOCOL_ERROR)", ""},
      {"host disagrees", headers(1, plus(get(), {{"host", "b.test"}})), "RST(1,PROTOCOL_ERROR)",
       ""},
      {"transfer-encoding", headers(1, plus(post(), {{"transfer-encoding", "chunked"}}), false),
       "RST(1,PROTOCOL_ERROR)", ""},
      {"more than the length",
       headers(1, plus(post(), {{"content-length", "1"}}), false) + data(1, "ab"),
       "RST(1,PROTOCOL_ERROR)", ""},
      {"less than the length",
       headers(1, plus(post(), {{"content-length", "3"}}), false) + data(1, "ab", true),
       "RST(1,PROTOCOL_ERROR)", ""},
      {"length without a body", headers(1, plus(post(), {{"content-length", "3"}})),
       "RST(1,PROTOCOL_ERROR)", ""},
      {"trailer with framing", headers(1, post(), false) + headers(1, {{"content-length", "0"}}),
       "RST(1,PROTOCOL_ERROR)", ""},
      {"pseudo in trailers", headers(1, post(), false) + headers(1, {{":path", "/"}}),
       "RST(1,PROTOCOL_ERROR)", ""},
      {"trailers that do not end", headers(1, post(), false) + headers(1, {{"x", "1"}}, false),
       "RST(1,PROTOCOL_ERROR)", ""},
      {"stream window overflow", headers(1, post(), false) + window(1, 0x7fffffff),
       "RST(1,FLOW_CONTROL_ERROR)", ""},
      {"zero window update", headers(1, post(), false) + window(1, 0), "GOAWAY(PROTOCOL_ERROR)",
       ""},
      {"data beyond the stream window",
       headers(1, post(), false) + times(5, data(1, std::string(16000, 'x'))),
       "RST(1,FLOW_CONTROL_ERROR)", ""},
      {"connection window overflow", window(0, 0x7fffffff), "GOAWAY(FLOW_CONTROL_ERROR)", ""},
      {"initial window too large", settings(setting(4, 0x80000000U)), "GOAWAY(FLOW_CONTROL_ERROR)",
       ""},
      {"even stream", headers(2, get()), "GOAWAY(PROTOCOL_ERROR)", ""},
      {"data on stream 0", data(0, "x"), "GOAWAY(PROTOCOL_ERROR)", ""},
      {"data on an idle stream", data(1, "x"), "GOAWAY(PROTOCOL_ERROR)", ""},
      {"reset of an idle stream", rst(1, 8), "GOAWAY(PROTOCOL_ERROR)", ""},
      {"frame too large", data(1, std::string(16385, 'x')), "GOAWAY(FRAME_SIZE_ERROR)", ""},
      {"short ping", frame(kPing, kNone, 0, "123"), "GOAWAY(FRAME_SIZE_ERROR)", ""},
      {"settings of odd size", settings("abcde"), "GOAWAY(FRAME_SIZE_ERROR)", ""},
      {"push from a client", frame(kPush, kEndHeaders, 1, u32(2) + block(get())),
       "GOAWAY(PROTOCOL_ERROR)", ""},
      {"continuation alone", frame(kContinuation, kEndHeaders, 1, ""), "GOAWAY(PROTOCOL_ERROR)",
       ""},
      {"frame inside a block", frame(kHeaders, kNone, 1, block(get())) + data(1, "x"),
       "GOAWAY(PROTOCOL_ERROR)", ""},
      {"padding longer than the frame", frame(kData, kPadded, 1, "\x7fxx"),
       "GOAWAY(PROTOCOL_ERROR)", ""},
      {"broken compression", frame(kHeaders, kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff\xff"),
       "GOAWAY(COMPRESSION_ERROR)", ""},
      {"smaller id is dropped", headers(5, get()) + headers(3, get()), "", ""},
  };
}

std::vector<Hostile> floods() {
  return {
      {"ping", times(60, frame(kPing, kNone, 0, "12345678")), "GOAWAY(ENHANCE_YOUR_CALM)",
       "control frames"},
      {"settings", times(60, settings()), "GOAWAY(ENHANCE_YOUR_CALM)", "control frames"},
      {"priority", times(60, frame(kPriority, kNone, 1, std::string("\0\0\0\0\1", 5))),
       "GOAWAY(ENHANCE_YOUR_CALM)", "control frames"},
      {"window updates", times(60, window(0, 1)), "GOAWAY(ENHANCE_YOUR_CALM)", "control frames"},
      {"empty data", headers(1, post(), false) + times(60, data(1, "")),
       "GOAWAY(ENHANCE_YOUR_CALM)", "control frames"},
      {"padding only",
       headers(1, post(), false) + times(60, frame(kData, kPadded, 1, std::string("\1\0", 2))),
       "GOAWAY(ENHANCE_YOUR_CALM)", "control frames"},
      {"rapid reset", rapid_resets(11), "GOAWAY(ENHANCE_YOUR_CALM)", "stream resets"},
      {"continuation",
       frame(kHeaders, kNone, 1, block(get())) + times(9, frame(kContinuation, kNone, 1, "")),
       "GOAWAY(ENHANCE_YOUR_CALM)", "CONTINUATION"},
      {"endless block", frame(kHeaders, kNone, 1, std::string(8001, '\0')),
       "GOAWAY(ENHANCE_YOUR_CALM)", "a header block"},
      {"HPACK bomb", frame(kHeaders, kEndHeaders | kEndStream, 1, hpack_bomb(get())),
       "GOAWAY(ENHANCE_YOUR_CALM)", "decoded header list"},
  };
}

void expect_answer(const Hostile& each, std::size_t step) {
  LoneSession server(H2Role::server, tight());
  const std::string said = server.exchange(preface() + each.bytes, step);
  EXPECT_EQ(endings_in(said), each.endings) << each.name << " in steps of " << step;
  if (*each.error == '\0') return;
  ASSERT_FALSE(server.last) << each.name << " in steps of " << step;
  EXPECT_EQ(server.last.error().code, Errc::too_large)
      << each.name << ": " << server.last.error().what;
  EXPECT_EQ(server.last.error().fault, Fault::client) << each.name;
  EXPECT_NE(server.last.error().what.find(each.error), std::string::npos)
      << each.name << ": " << server.last.error().what;
  EXPECT_TRUE(server.session.done()) << each.name;
}

TEST(H2Session, EveryViolationHasItsCode) {
  for (const auto& each : violations()) {
    for (const std::size_t step : {SIZE_MAX, std::size_t{1}, std::size_t{7}}) {
      expect_answer(each, step);
    }
  }
}

TEST(H2Session, EveryFloodIsNamed) {
  for (const auto& each : floods()) {
    for (const std::size_t step : {SIZE_MAX, std::size_t{1}, std::size_t{7}}) {
      expect_answer(each, step);
    }
  }
}

TEST(H2Session, ViolationsSplitAtEveryByte) {
  for (const auto& each : violations()) {
    const std::string bytes = preface() + each.bytes;
    if (bytes.size() > 600) continue;
    for (std::size_t split = 1; split < bytes.size(); ++split) {
      LoneSession server(H2Role::server, tight());
      std::string said = server.exchange(bytes.substr(0, split));
      said += server.exchange(bytes.substr(split));
      ASSERT_EQ(endings_in(said), each.endings) << each.name << " split " << split;
    }
  }
}

TEST(H2Session, ProvokedResetsCount) {
  LoneSession server(H2Role::server, tight());
  server.exchange(preface() + provoked_resets(8));
  EXPECT_FALSE(server.session.error());
  std::string more;
  for (std::uint32_t id = 17; id < 23; id += 2) more += headers(id, get("bad"));
  EXPECT_NE(endings_in(server.exchange(more)).find("GOAWAY(ENHANCE_YOUR_CALM)"), std::string::npos);
  ASSERT_TRUE(server.session.error());
  EXPECT_NE(server.session.error()->what.find("stream resets"), std::string::npos);
}

TEST(H2Session, RapidResetNeverStartsWork) {
  LoneSession server(H2Role::server, tight());
  server.exchange(preface() + rapid_resets(10));
  EXPECT_TRUE(server.requests.empty());
  EXPECT_FALSE(server.session.error());
  server.clock.advance(std::chrono::minutes(1));
  server.exchange(request_and_reset(101));
  EXPECT_FALSE(server.session.error());
}

TEST(H2Session, BadPreface) {
  LoneSession server(H2Role::server, tight());
  server.exchange("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  ASSERT_FALSE(server.last);
  EXPECT_EQ(server.last.error().code, Errc::malformed);
}

TEST(H2Session, TooManyFieldsAre431) {
  struct Case {
    const char* name;
    Pairs more;
  };
  Pairs many;
  for (int i = 0; i < 20; ++i) many.push_back({"x" + std::to_string(i), "y"});
  for (const auto& each :
       std::vector<Case>{{"count", many}, {"bytes", {{"x", std::string(4000, 'y')}}}}) {
    for (const bool end : {true, false}) {
      LoneSession server(H2Role::server, tight());
      const std::string said =
          server.exchange(preface() + headers(1, plus(post(), each.more), end));
      EXPECT_TRUE(server.requests.empty()) << each.name;
      EXPECT_EQ(endings_in(said), end ? "" : "RST(1,NO_ERROR)") << each.name;
      bool answered = false;
      for (const Frame& got : frames_in(said)) {
        answered |= got.type == kHeaders && got.payload.find("431") != std::string::npos;
      }
      EXPECT_TRUE(answered) << each.name;
      EXPECT_EQ(server.exchange(headers(3, get())), "") << each.name;
      EXPECT_EQ(server.requests.size(), 1U) << each.name << ": the connection lives";
    }
  }
}

TEST(H2Session, TooManyStreamsAreRefused) {
  LoneSession server(H2Role::server, tight());
  std::string bytes = preface();
  for (std::uint32_t id = 1; id <= 17; id += 2) bytes += headers(id, get());
  EXPECT_EQ(endings_in(server.exchange(bytes)), "RST(17,REFUSED_STREAM)");
  EXPECT_EQ(server.requests.size(), 8U);
}

TEST(H2Session, WindowOpensOnlyWhenTheApplicationTook) {
  LoneSession server(H2Role::server, tight());
  server.exchange(preface() + frame(kSettings, kAck, 0) + headers(1, post(), false));
  const std::string said = server.exchange(times(2, data(1, std::string(16000, 'x'))));
  EXPECT_EQ(said, "");
  ASSERT_EQ(server.requests.size(), 1U);
  H2Stream& stream = *server.requests[0];
  EXPECT_EQ(stream.inbox.size(), 32000U);
  EXPECT_EQ(stream.inbox.take().size(), 32000U);
  EXPECT_EQ(server.pull(), "");
  server.session.consumed(stream, 32000);
  const auto updates = frames_in(server.pull());
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_EQ(updates[0].type, kWindowUpdate);
  EXPECT_EQ(updates[0].id, 1U);
  EXPECT_EQ(number(updates[0].payload), 32000U);
}

TEST(H2Session, DroppedBodiesGiveTheConnectionWindowBack) {
  LimitSettings limits = tight();
  LoneSession server(H2Role::server, limits);
  server.exchange(preface() + frame(kSettings, kAck, 0));
  std::uint64_t given = 0;
  for (std::uint32_t id = 1; id < 80; id += 2) {
    const std::string said =
        server.exchange(headers(id, post(), false) + times(2, data(id, std::string(16000, 'x'))));
    EXPECT_EQ(endings_in(said), "") << id;
    H2Stream& stream = *server.requests.back();
    server.session.detach(stream);
    for (const Frame& each : frames_in(server.pull())) {
      if (each.type == kWindowUpdate && each.id == 0) given += number(each.payload);
    }
    server.clock.advance(std::chrono::minutes(1));
  }
  EXPECT_GT(given, 500000U);  // of 1,280,000 taken in; the window is 512 KiB
}

ResponseHead ok(Framing framing = {Framing::Kind::chunked, 0}) {
  ResponseHead head;
  head.status = 200;
  head.framing = framing;
  return head;
}

TEST(H2Session, AnswersStallAtThePeersWindow) {
  LoneSession server(H2Role::server, tight());
  server.exchange(preface() + settings(setting(4, 10)) + headers(1, get()));
  H2Stream& stream = *server.requests.at(0);
  ASSERT_TRUE(server.session.respond(stream, ok(), false));
  stream.outbox.append(as_bytes("0123456789abcdef"));
  stream.send_ended = true;
  std::string got;
  const auto collect = [&got](const std::string& said) {
    bool end = false;
    for (const Frame& each : frames_in(said)) {
      if (each.type != kData) continue;
      got += each.payload;
      end = (each.flags & kEndStream) != 0;
    }
    return end;
  };
  EXPECT_FALSE(collect(server.pull()));
  EXPECT_EQ(got, "0123456789");
  EXPECT_FALSE(collect(server.exchange(window(1, 5))));
  EXPECT_EQ(got, "0123456789abcde");
  EXPECT_TRUE(collect(server.exchange(window(1, 5))));
  EXPECT_EQ(got, "0123456789abcdef");
}

TEST(H2Session, NothingLooksCompleteAfterGivingUp) {
  LoneSession server(H2Role::server, tight());
  server.exchange(preface() + settings(setting(4, 10)) + headers(1, get()));
  H2Stream& stream = *server.requests.at(0);
  ASSERT_TRUE(server.session.respond(stream, ok(), false));
  stream.outbox.append(as_bytes("0123456789abcdef"));
  stream.send_ended = true;
  server.pull();
  server.session.reset(stream, H2Code::internal_error);
  const std::string said = server.pull() + server.exchange(window(1, 100));
  EXPECT_EQ(endings_in(said), "RST(1,INTERNAL_ERROR)");
  for (const Frame& each : frames_in(said)) EXPECT_NE(each.type, kData);
}

TEST(H2Session, NothingLooksCompleteWhenTheConnectionIsLost) {
  LoneSession server(H2Role::server, tight());
  server.exchange(preface() + headers(1, get()));
  H2Stream& stream = *server.requests.at(0);
  ASSERT_TRUE(server.session.respond(stream, ok(), false));
  stream.outbox.append(as_bytes("0123456789"));
  stream.send_ended = true;
  server.session.lose({Errc::truncated, Fault::client, false, "gone"});
  for (const Frame& each : frames_in(server.pull())) EXPECT_NE(each.type, kData);
  ASSERT_TRUE(stream.error);
  EXPECT_EQ(stream.error->code, Errc::truncated);
}

TEST(H2Session, PeerThatNeverReadsIsBounded) {
  LimitSettings limits = tight();
  limits.h2_control_frames_per_second = 100000;
  LoneSession server(H2Role::server, limits);
  ASSERT_TRUE(server.session.feed(as_bytes(preface())));
  const auto fed = server.session.feed(as_bytes(times(2000, frame(kPing, kNone, 0, "12345678"))));
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, Errc::too_large);
  EXPECT_NE(endings_in(server.pull()).find("ENHANCE_YOUR_CALM"), std::string::npos);
}

TEST(H2Session, DrainSaysGoodbyeTwiceAndFinishes) {
  LoneSession server(H2Role::server, tight());
  server.exchange(preface() + headers(1, get()));
  server.session.drain();
  std::string said = server.pull();
  EXPECT_EQ(endings_in(said), "GOAWAY(NO_ERROR)");
  std::string ping;
  for (const Frame& each : frames_in(said)) {
    if (each.type == kPing) ping = each.payload;
  }
  ASSERT_EQ(ping.size(), 8U);
  said = server.exchange(headers(3, get()) + frame(kPing, kAck, 0, ping));
  EXPECT_EQ(endings_in(said), "GOAWAY(NO_ERROR)");
  EXPECT_EQ(server.requests.size(), 2U);  // was on its way
  server.exchange(headers(5, get()));
  EXPECT_EQ(server.requests.size(), 2U);  // was not
  for (const auto& stream : server.requests) {
    ASSERT_TRUE(server.session.respond(*stream, ok({}), true));
  }
  EXPECT_FALSE(server.session.done());
  server.pull();
  EXPECT_TRUE(server.session.done());
}

// --- client role

RequestHead request(std::string method = "GET") {
  RequestHead head;
  head.method = std::move(method);
  head.scheme = "https";
  head.authority = "a.test";
  head.path = "/";
  return head;
}

// Whoever sends what never becomes a request is told on, once.
TEST(H2Session, RefusedHeadsAreAnnounced) {
  const struct {
    const char* name;
    std::string bytes;
    std::vector<std::string> want;
  } cases[] = {
      {"good", headers(1, get()), {}},
      {"malformed path", headers(1, get("x")), {"malformed 0"}},
      {"upper-case name",
       frame(kHeaders, kEndHeaders | kEndStream, 1, block(plus(get(), {{"X-A", "1"}}))),
       {"malformed 0"}},
      {"connection field", headers(1, plus(get(), {{"connection", "close"}})), {"malformed 0"}},
      {"no method",
       headers(1, {{":path", "/"}, {":scheme", "https"}, {":authority", "a"}}),
       {"malformed 0"}},
      {"too large", headers(1, plus(get(), {{"x", std::string(4100, 'y')}})), {"too-large 431"}},
      {"too large, unfinished",
       headers(1, plus(get(), {{"x", std::string(4100, 'y')}}), false),
       {"too-large 431"}},
      {"two", headers(1, get("x")) + headers(3, get("y")), {"malformed 0", "malformed 0"}},
      {"reset by the client", headers(1, get(), false) + rst(1, 8), {}},
      {"bad trailers", headers(1, get(), false) + headers(1, {{"host", "b"}}), {}},
  };
  for (const auto& each : cases) {
    for (const std::size_t step : {SIZE_MAX, std::size_t{1}}) {
      LoneSession server(H2Role::server, tight());
      server.exchange(preface());
      server.exchange(each.bytes, step);
      EXPECT_EQ(server.refused, each.want) << each.name << " in steps of " << step;
    }
  }
}

struct Answer {
  const char* name;
  std::string bytes;
  const char* endings;
  Errc code;
  bool retryable;
};

TEST(H2Session, OriginsViolations) {
  const Pairs good = {{":status", "200"}};
  const std::vector<Answer> cases = {
      {"reset", rst(1, 2), "", Errc::truncated, false},
      {"refused", rst(1, 7), "", Errc::refused, true},
      {"HTTP/1.1 wanted", rst(1, 13), "", Errc::unsupported, true},
      {"reset without error", headers(1, good, false) + rst(1, 0), "", Errc::truncated, false},
      {"goaway below", frame(kGoaway, kNone, 0, u32(0) + u32(0)), "", Errc::refused, true},
      {"no status", headers(1, {{"x", "1"}}), "RST(1,PROTOCOL_ERROR)", Errc::malformed, false},
      {"101", headers(1, {{":status", "101"}}, false), "RST(1,PROTOCOL_ERROR)", Errc::malformed,
       false},
      {"status 600", headers(1, {{":status", "600"}}), "RST(1,PROTOCOL_ERROR)", Errc::malformed,
       false},
      {"1xx that ends", headers(1, {{":status", "103"}}), "RST(1,PROTOCOL_ERROR)", Errc::malformed,
       false},
      {"too short", headers(1, plus(good, {{"content-length", "9"}}), false) + data(1, "x", true),
       "RST(1,PROTOCOL_ERROR)", Errc::malformed, false},
      {"too long", headers(1, plus(good, {{"content-length", "1"}}), false) + data(1, "xyz"),
       "RST(1,PROTOCOL_ERROR)", Errc::malformed, false},
      {"data first", data(1, "x"), "GOAWAY(PROTOCOL_ERROR)", Errc::malformed, false},
      {"too many fields", headers(1, plus(good, {{"x", std::string(4000, 'y')}})),
       "RST(1,ENHANCE_YOUR_CALM)", Errc::too_large, false},
      {"endless informational", times(40, headers(1, {{":status", "103"}}, false)),
       "RST(1,ENHANCE_YOUR_CALM)", Errc::too_large, false},
      {"connection field", headers(1, plus(good, {{"connection", "close"}})),
       "RST(1,PROTOCOL_ERROR)", Errc::malformed, false},
      {"push", frame(kSettings, kAck, 0) + frame(kPush, kEndHeaders, 1, u32(2) + block(get())),
       "GOAWAY(PROTOCOL_ERROR)", Errc::malformed, false},
      {"bomb", frame(kHeaders, kEndHeaders, 1, hpack_bomb(good)), "GOAWAY(ENHANCE_YOUR_CALM)",
       Errc::too_large, false},
      {"ping flood", times(60, frame(kPing, kNone, 0, "12345678")), "GOAWAY(ENHANCE_YOUR_CALM)",
       Errc::too_large, false},
  };
  for (const auto& each : cases) {
    for (const std::size_t step : {SIZE_MAX, std::size_t{1}}) {
      LoneSession client(H2Role::client, tight());
      client.exchange(settings());
      const auto stream = std::make_shared<H2Stream>();
      ASSERT_TRUE(client.session.request(stream, request()));
      client.pull();
      EXPECT_EQ(endings_in(client.exchange(each.bytes, step)), each.endings)
          << each.name << " in steps of " << step;
      ASSERT_TRUE(stream->error) << each.name;
      EXPECT_EQ(stream->error->code, each.code) << each.name << ": " << stream->error->what;
      EXPECT_EQ(stream->error->retryable, each.retryable) << each.name;
      EXPECT_FALSE(stream->ended) << each.name;
    }
  }
}

TEST(H2Session, ResetAfterACompleteAnswerIsFine) {
  for (const std::uint32_t code : {0U, 8U}) {
    LoneSession client(H2Role::client, tight());
    client.exchange(settings());
    const auto stream = std::make_shared<H2Stream>();
    RequestHead head = request("POST");
    head.framing.kind = Framing::Kind::chunked;
    ASSERT_TRUE(client.session.request(stream, head));
    client.pull();
    client.exchange(headers(1, {{":status", "413"}}, false) + data(1, "no", true) + rst(1, code));
    EXPECT_FALSE(stream->error);
    EXPECT_TRUE(stream->ended);
    EXPECT_TRUE(stream->closed);
    EXPECT_EQ(as_text(stream->inbox.take()), "no");
  }
}

TEST(H2Session, RequestsThatNeverLeftAreRetryable) {
  LoneSession client(H2Role::client, tight());
  client.exchange(settings());
  client.pull();
  const auto stream = std::make_shared<H2Stream>();
  ASSERT_TRUE(client.session.request(stream, request()));
  client.session.lose({Errc::truncated, Fault::origin, false, "gone"});
  ASSERT_TRUE(stream->error);
  EXPECT_TRUE(stream->error->retryable);
  EXPECT_FALSE(client.session.accepts_streams());
}

TEST(H2Session, GoawayBeforeTheHeadLeaves) {
  LoneSession client(H2Role::client, tight());
  client.exchange(settings());
  client.pull();
  const auto stream = std::make_shared<H2Stream>();
  ASSERT_TRUE(client.session.request(stream, request()));
  client.exchange(frame(kGoaway, kNone, 0, u32(0) + u32(0)));
  ASSERT_TRUE(stream->error);
  EXPECT_EQ(stream->error->code, Errc::refused);
  EXPECT_TRUE(stream->error->retryable);
}

TEST(H2Session, GivenUpBeforeTheHeadLeaves) {
  LoneSession client(H2Role::client, tight());
  client.exchange(settings());
  client.pull();
  const auto stream = std::make_shared<H2Stream>();
  ASSERT_TRUE(client.session.request(stream, request()));
  client.session.reset(*stream, H2Code::cancel);
  EXPECT_EQ(client.session.error(), std::nullopt);
  client.pull();
  EXPECT_TRUE(stream->closed);
  EXPECT_EQ(client.session.streams(), 0U);
  EXPECT_EQ(stream->error->code, Errc::cancelled);
}

TEST(H2Session, ExtendedConnectOnlyWhenAnnounced) {
  LoneSession client(H2Role::client, tight());
  EXPECT_FALSE(client.session.peer_speaks_extended_connect());
  client.exchange(settings(setting(8, 1) + setting(3, 7)));
  EXPECT_TRUE(client.session.peer_speaks_extended_connect());
  EXPECT_EQ(client.session.peer_max_streams(), 7U);
}

TEST(H2Session, SettingsSayWhatWeAre) {
  const auto settings_of = [](const std::string& said) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> all;
    for (const Frame& each : frames_in(said)) {
      if (each.type != kSettings || each.flags != 0) continue;
      for (std::size_t i = 0; i + 6 <= each.payload.size(); i += 6) {
        const std::string_view entry(each.payload.data() + i, 6);
        all.emplace_back(number(entry) >> 16, number(entry.substr(2)));
      }
    }
    return all;
  };
  LoneSession server(H2Role::server, tight());
  EXPECT_EQ(settings_of(server.pull()), (std::vector<std::pair<std::uint32_t, std::uint32_t>>{
                                            {4, 32768}, {6, 4000}, {3, 8}, {8, 1}, {9, 1}}));
  LoneSession client(H2Role::client, tight());
  EXPECT_EQ(settings_of(client.pull()),
            (std::vector<std::pair<std::uint32_t, std::uint32_t>>{{4, 32768}, {6, 4000}, {2, 0}}));
}

}  // namespace
}  // namespace weir
