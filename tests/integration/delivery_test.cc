// What is allowed arrives: byte for byte, by each way of delivery, whatever the origin's framing,
// and however the bytes are split on their way.
#include <gtest/gtest.h>

#include <string>

#include "tests/inspect/compress.h"
#include "tests/integration/scripted_gateway.h"

namespace weir::test {
namespace {

std::string text_of(std::size_t size) {
  std::string text;
  for (int line = 0; text.size() < size; ++line) text += "line " + std::to_string(line) + "\n";
  text.resize(size);
  return text;
}

const std::string kPng = std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) + text_of(2000);
constexpr const char* kChunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n";

struct Passing {
  std::string name, method, path, says;
  bool closes;  // the origin, behind what it says
  int status;
  std::string body, delivery, rule;
};

void PrintTo(const Passing& each, std::ostream* out) { *out << each.name; }

class Passes : public testing::TestWithParam<Passing> {
 protected:
  void run(std::size_t rechunk) {
    const Passing& each = GetParam();
    ScriptedGateway gateway({}, rechunk);
    OriginScript& origin = gateway.origin();
    origin.script.hears_head().says(each.says);
    if (each.closes) origin.script.closes();
    const Reply reply =
        gateway.fetch(Script().says(request(each.method + " http://origin.test" + each.path)),
                      each.method == "HEAD");
    EXPECT_EQ(reply.status, each.status);
    EXPECT_TRUE(reply.body == each.body) << reply.raw.substr(0, 1000);
    EXPECT_TRUE(reply.complete);
    EXPECT_FALSE(reply.fields.has("x-weir-action"));
    EXPECT_EQ(reply.field("via"), "1.1 weir-test");
    EXPECT_EQ(gateway.spooled_bytes(), 0U);
    const Event event = gateway.event();
    EXPECT_EQ(event.at("unmapped.weir.action"), "allow");
    EXPECT_EQ(event.at("unmapped.weir.delivery"), each.delivery);
    EXPECT_EQ(event.at("unmapped.weir.error"), "");
    EXPECT_EQ(event.at("policy.name"), each.rule);
    EXPECT_EQ(event.at("http_request.url.url_string"), "http://origin.test" + each.path);
    EXPECT_EQ(event.at("http_response.code"), std::to_string(each.status));
    EXPECT_EQ(event.at("http_response.body_length"), std::to_string(each.body.size()));
  }
};

TEST_P(Passes, Whole) { run(0); }
TEST_P(Passes, InPieces) {
  if (GetParam().says.size() < 1000) run(3);
}

INSTANTIATE_TEST_SUITE_P(
    All, Passes,
    testing::Values(
        Passing{"held", "GET", "/a", answer("hello"), false, 200, "hello", "hold", "good"},
        Passing{"empty", "GET", "/a", answer(""), false, 200, "", "hold", "good"},
        Passing{"chunked", "GET", "/a", std::string(kChunkedHead) + "\r\n5\r\nhello\r\n0\r\n\r\n",
                false, 200, "hello", "hold", "good"},
        Passing{"trailers", "GET", "/a",
                std::string(kChunkedHead) + "\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", false, 200,
                "hello", "hold", "good"},
        Passing{"until_close", "GET", "/a", "HTTP/1.1 200 OK\r\n\r\nhello", true, 200, "hello",
                "hold", "good"},
        Passing{"not_found", "GET", "/a", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone",
                false, 404, "gone", "hold", "good"},
        Passing{"head", "HEAD", "/a", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", false, 200,
                "", "", "rest"},
        Passing{"no_content", "GET", "/a", "HTTP/1.1 204 No Content\r\n\r\n", false, 204, "", "",
                "rest"},
        Passing{"not_modified", "GET", "/a",
                "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 1000\r\n\r\n", false,
                304, "", "", "rest"},
        Passing{"direct", "GET", "/direct", answer("hello"), false, 200, "hello", "direct",
                "direct"},
        Passing{"media", "GET", "/i.png", answer(kPng, "Content-Type: image/png\r\n"), false, 200,
                kPng, "stream", "good"},
        Passing{"media_that_is_text", "GET", "/i.png",
                answer(text_of(2000), "Content-Type: image/png\r\n"), false, 200, text_of(2000),
                "hold", "good"},
        Passing{"endless_with_an_end", "GET", "/e",
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n", true, 200,
                "data: 1\n\n", "stream", "endless"}),
    [](const auto& each) { return each.param.name; });

struct Large {
  std::string name, path, delivery;
  std::size_t size;
};

class LargeBodies : public testing::TestWithParam<Large> {};

TEST_P(LargeBodies, ArriveByteForByte) {
  const Large& each = GetParam();
  const std::string body = text_of(each.size);
  ScriptedGateway gateway;
  gateway.origin_says(answer(body));
  const Reply reply = gateway.get(each.path);
  EXPECT_TRUE(reply.complete);
  EXPECT_TRUE(reply.body == body) << reply.body.size();
  EXPECT_EQ(gateway.spooled_bytes(), 0U);
  EXPECT_EQ(gateway.event().at("unmapped.weir.delivery"), each.delivery);
}

INSTANTIATE_TEST_SUITE_P(All, LargeBodies,
                         testing::Values(Large{"held", "/a", "hold", 200 * 1024},
                                         Large{"held_on_disk", "/a", "hold", 600 * 1024},
                                         Large{"trickled", "/trickle", "trickle", 200 * 1024},
                                         Large{"trickled_on_disk", "/trickle", "trickle",
                                               600 * 1024}),
                         [](const auto& each) { return each.param.name; });

TEST(Held, NothingLeavesBeforeTheRuling) {
  ScriptedGateway gateway;
  std::size_t heard = 1;
  gateway.inspector.before_ruling = [&] { heard = gateway.client->bytes.size(); };
  gateway.origin_says(answer(text_of(300 * 1024)));
  EXPECT_EQ(gateway.get("/a").body, text_of(300 * 1024));
  EXPECT_EQ(heard, 0U);
}

TEST(Trickled, AllButTheTailLeavesBeforeTheRuling) {
  constexpr std::size_t kSize = 300 * 1024;
  ScriptedGateway gateway;
  std::size_t body = 0;
  gateway.inspector.before_ruling = [&] { body = read_reply(*gateway.client).body.size(); };
  gateway.origin_says(answer(text_of(kSize)));
  EXPECT_EQ(gateway.get("/trickle").body, text_of(kSize));
  EXPECT_EQ(body, kSize - DeliveryGate::kTrickleTail);
}

TEST(Inspection, SeesTheBodyWithoutItsContentCoding) {
  ScriptedGateway gateway;
  const std::string packed = gzip("what is inside");
  gateway.origin_says(answer(packed, "Content-Encoding: gzip\r\n"));
  const Reply reply = gateway.get("/a", "Accept-Encoding: gzip, exotic\r\n");
  EXPECT_EQ(reply.body, packed);
  EXPECT_EQ(reply.field("content-encoding"), "gzip");
  EXPECT_EQ(gateway.inspector.seen, std::vector<std::string>{"what is inside"});
  EXPECT_EQ(gateway.dialer.heard[0]->bytes.find("exotic"), std::string::npos);
  EXPECT_EQ(gateway.event().at("file.size"), "14");
}

// Each piece must reach the client before the origin goes on.
TEST(Endless, EachPieceLeavesAtOnce) {
  ScriptedGateway gateway;
  const auto client_has = [&](const char* text) {
    return [&gateway, text] { return gateway.client->bytes.find(text) != std::string::npos; };
  };
  gateway.origin()
      .script.hears_head()
      .says(std::string(kChunkedHead) + "Content-Type: text/event-stream\r\n\r\n")
      .when(client_has("\r\n\r\n"))
      .says("5\r\nfirst\r\n")
      .when(client_has("first"))
      .says("6\r\nsecond\r\n")
      .when(client_has("second"))
      .says("0\r\n\r\n");
  const Reply reply = gateway.get("/events");
  EXPECT_EQ(reply.body, "firstsecond");
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(gateway.event().at("unmapped.weir.delivery"), "stream");
}

TEST(Suspicious, IsDeliveredWithAnAlert) {
  ScriptedGateway gateway;
  gateway.inspector.judge = [](const Profile& profile, const std::string&) {
    return found(profile, Verdict::suspicious, Reason::none, "odd");
  };
  gateway.origin_says(answer("hello"));
  EXPECT_EQ(gateway.get("/a").body, "hello");
  const Event event = gateway.event();
  EXPECT_EQ(event.at("unmapped.weir.action"), "alert");
  EXPECT_EQ(event.at("unmapped.weir.verdict"), "suspicious");
  EXPECT_EQ(event.at("policy.name"), "odd");
}

struct Part {
  std::string name, range;
  int status;
  std::string body, content_range;
};

class RangeParts : public testing::TestWithParam<Part> {};

// The origin is asked for the whole, and would not know how to answer a range.
TEST_P(RangeParts, AreCutFromTheInspectedWhole) {
  const Part& part = GetParam();
  ScriptedGateway gateway;
  gateway.origin_says(answer("0123456789", "ETag: \"a\"\r\n"));
  const Reply reply = gateway.get("/a.zip", "Range: " + part.range + "\r\n");
  EXPECT_EQ(reply.status, part.status);
  EXPECT_EQ(reply.body, part.body);
  EXPECT_EQ(reply.field("content-range"), part.content_range);
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(gateway.inspector.seen, std::vector<std::string>{"0123456789"});
  EXPECT_EQ(gateway.dialer.heard[0]->bytes.find("ange:"), std::string::npos);
  const Event event = gateway.event();
  EXPECT_EQ(event.at("http_response.code"), std::to_string(part.status));
  EXPECT_EQ(event.at("unmapped.weir.bytes_origin"), "10");
}

INSTANTIATE_TEST_SUITE_P(All, RangeParts,
                         testing::Values(Part{"first", "bytes=0-3", 206, "0123", "bytes 0-3/10"},
                                         Part{"rest", "bytes=7-", 206, "789", "bytes 7-9/10"},
                                         Part{"last", "bytes=-2", 206, "89", "bytes 8-9/10"},
                                         Part{"beyond", "bytes=10-", 416, "", "bytes */10"},
                                         Part{"several", "bytes=0-1,3-4", 200, "0123456789", ""}),
                         [](const auto& each) { return each.param.name; });

TEST(Ranges, MediaThatIsNoneIsFetchedAgainAsAWhole) {
  ScriptedGateway gateway;
  gateway.origin_says(
      "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6\r\n"
      "Content-Type: video/mp4\r\n\r\n456789");
  gateway.origin_says(answer("0123456789"));
  const Reply reply = gateway.get("/v.mp4", "Range: bytes=4-\r\n");
  EXPECT_EQ(reply.status, 206);
  EXPECT_EQ(reply.body, "456789");
  EXPECT_EQ(gateway.inspector.seen, std::vector<std::string>{"0123456789"});
  EXPECT_NE(gateway.dialer.heard[0]->bytes.find("bytes=4-"), std::string::npos);
  EXPECT_EQ(gateway.dialer.heard[1]->bytes.find("ange:"), std::string::npos);
}

TEST(Connections, AreKeptOnBothSides) {
  ScriptedGateway gateway;
  gateway.origin().script.hears_head().says(answer("one")).hears_head().says(answer("two"));
  const std::string first = "GET http://origin.test/1 HTTP/1.1\r\nHost: origin.test\r\n\r\n";
  const Reply reply =
      gateway.fetch(Script().says(first + request("GET http://origin.test/2")));  // pipelined
  EXPECT_EQ(reply.body, "one");
  EXPECT_TRUE(reply.raw.ends_with("two"));
  EXPECT_EQ(gateway.dialer.dialed, std::vector<std::string>{"origin.test:80"});
  const auto events = gateway.events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].at("unmapped.weir.origin_reused"), "false");
  EXPECT_EQ(events[1].at("unmapped.weir.origin_reused"), "true");
}

// The kept connection ends under the second request: it is asked again on a new one.
TEST(Connections, AStaleOneIsReplaced) {
  ScriptedGateway gateway;
  gateway.origin().script.hears_head().says(answer("one")).hears_head().resets();
  gateway.origin_says(answer("two"));
  EXPECT_EQ(gateway.get("/1").body, "one");
  EXPECT_EQ(gateway.get("/2").body, "two");
  EXPECT_EQ(gateway.dialer.dialed.size(), 2U);
  const auto events = gateway.events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].at("unmapped.weir.action"), "allow");
}

}  // namespace
}  // namespace weir::test
