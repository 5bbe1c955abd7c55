// What breaks, is cut short or goes away: the client never takes a part for the whole, the fetch
// stops when nobody waits for it, and the event says whose fault it was.
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/scripted_gateway.h"

namespace weir::test {
namespace {

constexpr std::size_t kMuch = 200 * 1024;

std::string png(std::size_t size) {
  std::string bytes("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
  bytes.resize(size, 'x');
  return bytes;
}

enum class End { closes, resets };

struct Cut {
  std::string name, path, says;
  End end;
  int status;         // of the answer that the client gets
  bool page;          // nothing had left: an error page
  std::string error;  // error_code of the event
};

std::string with_length(std::size_t declared, const std::string& body,
                        const std::string& fields = {}) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(declared) + "\r\n" + fields +
         "\r\n" + body;
}

std::string in_chunks(const std::string& body, const std::string& fields = {}) {
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + fields + "\r\n186a0\r\n" +
         body.substr(0, 100'000) + "\r\n" + "186a0\r\n" + body.substr(100'000, 50'000);
}

class CutShort : public testing::TestWithParam<Cut> {};

TEST_P(CutShort, IsNeverComplete) {
  const Cut& cut = GetParam();
  ScriptedGateway gateway;
  Script& script = gateway.origin().script.hears_head().says(cut.says);
  cut.end == End::closes ? script.closes() : script.resets();
  const Reply reply = gateway.get(cut.path);
  EXPECT_EQ(reply.status, cut.status);
  EXPECT_EQ(reply.complete, cut.page);
  EXPECT_EQ(reply.field("x-weir-action"), cut.page ? "error" : "");
  EXPECT_EQ(gateway.spooled_bytes(), 0U);
  const Event event = gateway.event();
  EXPECT_EQ(event.at("unmapped.weir.action"), "error");
  EXPECT_EQ(event.at("unmapped.weir.error_code"), cut.error);
  EXPECT_EQ(event.at("unmapped.weir.error_fault"), "origin");
}

INSTANTIATE_TEST_SUITE_P(
    All, CutShort,
    testing::Values(
        Cut{"held_length", "/a", with_length(10, "01234"), End::closes, 502, true, "truncated"},
        Cut{"held_length_reset", "/a", with_length(10, "01234"), End::resets, 502, true,
            "truncated"},
        Cut{"held_chunked", "/a", in_chunks(std::string(kMuch, 'x')), End::closes, 502, true,
            "truncated"},
        Cut{"held_until_reset", "/a", "HTTP/1.1 200 OK\r\n\r\nhello", End::resets, 502, true,
            "truncated"},
        Cut{"held_bad_chunk", "/a",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
            End::closes, 502, true, "malformed"},
        Cut{"trickled_length", "/trickle", with_length(kMuch + 1, std::string(kMuch, 'x')),
            End::closes, 200, false, "truncated"},
        Cut{"trickled_chunked", "/trickle", in_chunks(std::string(kMuch, 'x')), End::closes, 200,
            false, "truncated"},
        Cut{"trickled_little", "/trickle", with_length(10, "01234"), End::closes, 502, true,
            "truncated"},
        Cut{"streamed_length", "/i.png",
            with_length(kMuch + 1, png(kMuch), "Content-Type: image/png\r\n"), End::closes, 200,
            false, "truncated"},
        Cut{"streamed_chunked", "/i.png", in_chunks(png(kMuch), "Content-Type: image/png\r\n"),
            End::closes, 200, false, "truncated"},
        Cut{"streamed_until_reset", "/i.png",
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + png(kMuch), End::resets, 200,
            false, "truncated"},
        Cut{"direct_length", "/direct", with_length(10, "01234"), End::closes, 200, false,
            "truncated"},
        Cut{"direct_chunked", "/direct", in_chunks(std::string(kMuch, 'x')), End::closes, 200,
            false, "truncated"},
        Cut{"endless", "/e",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n"
            "\r\n5\r\nhello\r\n",
            End::closes, 200, false, "truncated"},
        Cut{"no_head", "/a", "HTTP/1.1 200 OK\r\nContent-Le", End::closes, 502, true, "truncated"},
        Cut{"not_http", "/a", "SSH-2.0-OpenSSH_9.2\r\n", End::closes, 502, true, "malformed"},
        Cut{"two_lengths", "/a",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", End::closes,
            502, true, "malformed"},
        Cut{"part_of_nothing", "/a",
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 1-5/10\r\nContent-Length: 5\r\n"
            "\r\nhello",
            End::closes, 502, true, "malformed"}),
    [](const auto& each) { return each.param.name; });

struct Gone {
  std::string name, path, says;
  std::string waits_for;  // what the client hears before it goes; "" = what the origin has heard
};

class ClientGone : public testing::TestWithParam<Gone> {
 protected:
  void leave(bool abruptly) {
    const Gone& each = GetParam();
    ScriptedGateway gateway;
    gateway.origin().script.hears_head().says(each.says);
    Script script = Script().says(request("GET http://origin.test" + each.path));
    if (each.waits_for.empty()) {
      script.when([&] { return !gateway.dialer.heard.empty(); });
      script.when([&] { return gateway.dialer.heard[0]->bytes.ends_with("\r\n\r\n"); });
    } else {
      script.hears(each.waits_for);
    }
    abruptly ? script.resets() : script.closes();
    gateway.fetch(script);
    EXPECT_TRUE(gateway.origin_left());
    EXPECT_TRUE(gateway.inspector.seen.empty());
    EXPECT_EQ(gateway.spooled_bytes(), 0U);
    EXPECT_EQ(gateway.event().at("unmapped.weir.action"), "error");
  }
};

TEST_P(ClientGone, ByAResetStopsTheFetch) { leave(true); }
TEST_P(ClientGone, InOrderStopsTheFetch) { leave(false); }

INSTANTIATE_TEST_SUITE_P(
    All, ClientGone,
    testing::Values(
        Gone{"before_the_answer", "/a", "", ""},
        Gone{"held", "/a", with_length(1'000'000, "begun"), ""},
        Gone{"trickled", "/trickle", with_length(1'000'000, std::string(kMuch, 'x')), "xxx"},
        Gone{"streamed", "/i.png",
             with_length(1'000'000, png(kMuch), "Content-Type: image/png\r\n"), "PNG"},
        Gone{"direct", "/direct", with_length(1'000'000, std::string(kMuch, 'x')), "xxx"},
        Gone{"endless", "/e",
             "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n", "data: 1"}),
    [](const auto& each) { return each.param.name; });

TEST(ClientGone, InTheMiddleOfItsUploadBreaksTheRequest) {
  ScriptedGateway gateway;
  gateway.origin().script.hears_head();
  gateway.fetch(
      Script()
          .says(request("POST http://origin.test/up", "Content-Length: 1000\r\n") + "half")
          .when([&] {
            return !gateway.dialer.heard.empty() &&
                   gateway.dialer.heard[0]->bytes.ends_with("half");
          })
          .resets());
  EXPECT_TRUE(gateway.origin_left());
  const Event event = gateway.event();
  EXPECT_EQ(event.at("unmapped.weir.action"), "error");
  EXPECT_EQ(event.at("unmapped.weir.error_fault"), "client");
}

TEST(Origin, ThatRefusesGetsAPage) {
  ScriptedGateway gateway;
  const Reply reply = gateway.get("/a");
  EXPECT_EQ(reply.status, 502);
  EXPECT_EQ(reply.field("x-weir-reason"), "unreachable");
  EXPECT_EQ(gateway.event().at("unmapped.weir.error_code"), "refused");
}

// The first request on a connection is not repeated when the origin may have acted on it.
TEST(Origin, ThatClosesWithoutAnAnswerGetsAPage) {
  ScriptedGateway gateway;
  gateway.origin().script.hears_head().closes();
  const Reply reply = gateway.fetch(
      Script().says(request("POST http://origin.test/a", "Content-Length: 2\r\n") + "hi"));
  EXPECT_EQ(reply.status, 502);
  EXPECT_EQ(gateway.dialer.dialed.size(), 1U);
}

TEST(Origin, ThatIsSilentRunsIntoTheDeadline) {
  ScriptedGateway gateway;
  gateway.origin().script.hears_head();
  const auto asked = [&] {
    return !gateway.dialer.heard.empty() && gateway.dialer.heard[0]->bytes.ends_with("\r\n\r\n");
  };
  const Reply reply =
      gateway.fetch(Script().says(request("GET http://origin.test/a")).when(asked).when([&] {
        gateway.advance(std::chrono::minutes(3));
        return true;
      }));
  EXPECT_EQ(reply.status, 504);
  EXPECT_EQ(reply.field("x-weir-reason"), "timeout");
  EXPECT_TRUE(gateway.origin_left());
}

TEST(Informational, HintsPassAndFloodsDoNot) {
  const std::string hint = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
  ScriptedGateway gateway;
  gateway.origin_says(hint + answer("hello", "Connection: close\r\n"));
  Reply reply = gateway.get("/a");
  EXPECT_EQ(reply.informational, std::vector<int>{103});
  EXPECT_EQ(reply.body, "hello");
  std::string flood;
  for (int i = 0; i < 40; ++i) flood += hint;
  gateway.origin_says(flood + answer("hello"));
  reply = gateway.get("/b");
  EXPECT_EQ(reply.status, 502);
}

std::string expecting(std::size_t length) {
  return request("POST http://origin.test/up",
                 "Expect: 100-continue\r\nContent-Length: " + std::to_string(length) + "\r\n");
}

TEST(Continue, IsTheOriginsToSay) {
  ScriptedGateway gateway;
  gateway.origin()
      .script.hears("100-continue")
      .hears_head()
      .says("HTTP/1.1 100 Continue\r\n\r\n")
      .hears("the body")
      .says(answer("taken"));
  const Reply reply =
      gateway.fetch(Script().says(expecting(8)).hears("100 Continue").says("the body"));
  EXPECT_EQ(reply.informational, std::vector<int>{100});
  EXPECT_EQ(reply.body, "taken");
  EXPECT_EQ(gateway.event().at("http_request.body_length"), "8");
}

TEST(Continue, RefusedByTheOriginSparesTheBody) {
  ScriptedGateway gateway;
  gateway.origin().script.hears_head().says(
      "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno");
  const Reply reply = gateway.fetch(Script().says(expecting(8)).hears("417"));
  EXPECT_EQ(reply.status, 417);
  EXPECT_TRUE(reply.informational.empty());
  EXPECT_EQ(reply.body, "no");
}

TEST(Continue, RefusedByPolicySparesTheOriginToo) {
  ScriptedGateway gateway;
  const Reply reply = gateway.fetch(Script().says(request(
      "POST http://origin.test/forbidden", "Expect: 100-continue\r\nContent-Length: 8\r\n")));
  EXPECT_EQ(reply.status, 403);
  EXPECT_TRUE(reply.informational.empty());
  EXPECT_TRUE(gateway.dialer.dialed.empty());
}

TEST(Upload, ArrivesByteForByte) {
  const std::string body(300 * 1024, 'u');
  for (const std::size_t rechunk : {0, 1000}) {
    ScriptedGateway gateway({}, rechunk);
    gateway.origin().script.hears_head().hears(body).says(answer("taken"));
    const Reply reply = gateway.fetch(
        Script().says(request("POST http://origin.test/up",
                              "Content-Length: " + std::to_string(body.size()) + "\r\n") +
                      body));
    EXPECT_EQ(reply.body, "taken");
    EXPECT_EQ(gateway.event().at("http_request.body_length"), std::to_string(body.size()));
  }
}

// An origin that has enough answers early; the client gets to hear it.
TEST(Upload, AnsweredEarlyIsNotWaitedFor) {
  ScriptedGateway gateway;
  gateway.origin().script.hears_head().says(
      "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
  const Reply reply = gateway.fetch(
      Script()
          .says(request("POST http://origin.test/up", "Content-Length: 1000000\r\n") + "begun")
          .hears("big"));
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.body, "big");
}

TEST(BadRequests, AreAnsweredAndWrittenDown) {
  ScriptedGateway gateway;
  const Reply reply = gateway.fetch(Script().says(
      "GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\nHost: other.test\r\n\r\n"));
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.field("x-weir-reason"), "bad-request");
  EXPECT_TRUE(gateway.dialer.dialed.empty());
  EXPECT_EQ(gateway.event().at("unmapped.weir.error_fault"), "client");
}

}  // namespace
}  // namespace weir::test
