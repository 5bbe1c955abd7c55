#include "proxy/http/h1_encoder.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Kind = Framing::Kind;

RequestHead request(std::string method, Framing framing = {}) {
  RequestHead head;
  head.method = std::move(method);
  head.scheme = "http";
  head.authority = "a.test";
  head.path = "/p?q";
  head.framing = framing;
  return head;
}

TEST(H1EncoderTest, Requests) {
  RequestHead fields = request("GET");
  fields.fields.add("accept", "*/*");
  fields.fields.add("connection", "x");
  fields.fields.add("content-length", "7");
  fields.fields.add("transfer-encoding", "chunked");
  fields.fields.add("host", "evil.test");
  RequestHead websocket = request("GET");
  websocket.protocol = "websocket";
  websocket.fields.add("sec-websocket-key", "k");
  RequestHead te = request("POST", {Kind::chunked, 0});
  te.fields.add("te", "trailers");
  RequestHead connect = request("CONNECT");
  connect.authority = "a.test:443";
  RequestHead expect = request("PUT", {Kind::length, 5});
  expect.expect_continue = true;
  RequestHead star = request("OPTIONS");
  star.path = "*";
  const struct {
    const RequestHead& head;
    std::string want;
  } rows[] = {
      {fields, "GET /p?q HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\n\r\n"},
      {websocket,
       "GET /p?q HTTP/1.1\r\nHost: a.test\r\nSec-Websocket-Key: k\r\nConnection: Upgrade\r\n"
       "Upgrade: websocket\r\n\r\n"},
      {te,
       "POST /p?q HTTP/1.1\r\nHost: a.test\r\nTE: trailers\r\nConnection: TE\r\n"
       "Transfer-Encoding: chunked\r\n\r\n"},
      {connect, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"},
      {expect,
       "PUT /p?q HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"},
      {star, "OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n"},
      {request("POST"), "POST /p?q HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n"},
  };
  for (const auto& row : rows) {
    std::string out;
    EXPECT_TRUE(encode_h1(row.head, out));
    EXPECT_EQ(out, row.want);
  }
}

TEST(H1EncoderTest, WhatCannotBeCarriedIsRefused) {
  const auto with = [](auto change) {
    RequestHead head = request("GET");
    change(head);
    return head;
  };
  const RequestHead rows[] = {
      with([](RequestHead& head) { head.method = "GET /x"; }),
      with([](RequestHead& head) { head.method.clear(); }),
      with([](RequestHead& head) { head.path = "/a b"; }),
      with([](RequestHead& head) { head.path = "/a\r\nX: y"; }),
      with([](RequestHead& head) { head.path = "a"; }),
      with([](RequestHead& head) { head.path = "*"; }),
      with([](RequestHead& head) { head.authority.clear(); }),
      with([](RequestHead& head) { head.authority = "a\r\nX: y"; }),
      with([](RequestHead& head) { head.fields.add("x", "a\r\nb: c"); }),
      with([](RequestHead& head) { head.fields.add("x", std::string("a\0b", 3)); }),
      with([](RequestHead& head) { head.fields.add("x y", "a"); }),
      with([](RequestHead& head) { head.fields.add("x:y", "a"); }),
      with([](RequestHead& head) { head.fields.add("", "a"); }),
      with([](RequestHead& head) { head.protocol = "web socket"; }),
      with([](RequestHead& head) { head.framing.kind = Kind::until_close; }),
  };
  for (const RequestHead& head : rows) {
    std::string out = "before";
    EXPECT_FALSE(encode_h1(head, out));
    EXPECT_EQ(out, "before");
  }
}

struct ResponseRow {
  const char* name;
  const char* method;
  HttpVersion version;
  bool may_stay;
  int status;
  Framing framing;
  std::string want;
};

TEST(H1EncoderTest, Responses) {
  constexpr auto k11 = HttpVersion::h1_1;
  constexpr auto k10 = HttpVersion::h1_0;
  const ResponseRow rows[] = {
      {"length", "GET", k11, true, 200, {Kind::length, 5}, "200 OK|Content-Length: 5|body"},
      {"empty", "GET", k11, true, 200, {}, "200 OK|Content-Length: 0|"},
      {"length zero", "GET", k11, true, 200, {Kind::length, 0}, "200 OK|Content-Length: 0|"},
      {"chunked",
       "GET",
       k11,
       true,
       200,
       {Kind::chunked, 0},
       "200 OK|Transfer-Encoding: chunked|body"},
      {"until close",
       "GET",
       k11,
       true,
       200,
       {Kind::until_close, 0},
       "200 OK|Transfer-Encoding: chunked|body"},
      {"must close",
       "GET",
       k11,
       false,
       200,
       {Kind::length, 5},
       "200 OK|Content-Length: 5|Connection: close|body"},
      {"1.0, length",
       "GET",
       k10,
       true,
       200,
       {Kind::length, 5},
       "200 OK|Content-Length: 5|Connection: keep-alive|body"},
      {"1.0, chunked", "GET", k10, true, 200, {Kind::chunked, 0}, "200 OK|Connection: close|body"},
      {"head, length", "HEAD", k11, true, 200, {Kind::length, 5}, "200 OK|Content-Length: 5|"},
      {"head, chunked", "HEAD", k11, true, 200, {Kind::chunked, 0}, "200 OK|"},
      {"204", "GET", k11, true, 204, {}, "204 No Content|"},
      {"304", "GET", k11, true, 304, {Kind::length, 5}, "304 Not Modified|Content-Length: 5|"},
      {"304 without length", "GET", k11, true, 304, {}, "304 Not Modified|"},
      {"connect", "CONNECT", k11, true, 200, {}, "200 OK|raw"},
      {"connect refused",
       "CONNECT",
       k11,
       true,
       403,
       {Kind::length, 1},
       "403 Forbidden|Content-Length: 1|body"},
      {"1.0 connect", "CONNECT", k10, false, 200, {}, "200 OK|raw"},
      {"101",
       "GET",
       k11,
       true,
       101,
       {},
       "101 Switching Protocols|Connection: Upgrade|Upgrade: websocket|raw"},
  };
  for (const ResponseRow& row : rows) {
    SCOPED_TRACE(row.name);
    RequestHead asked = request(row.method);
    asked.version = row.version;
    ResponseHead head;
    head.status = row.status;
    head.framing = row.framing;
    head.upgrade = "websocket";
    const H1ResponsePlan plan = plan_response(asked, head, row.may_stay);
    std::string out;
    ASSERT_TRUE(encode_h1(head, plan, row.version, out));
    ASSERT_TRUE(out.starts_with("HTTP/1.1 ") && out.ends_with("\r\n\r\n"));
    std::string seen = out.substr(9, out.size() - 11);
    for (auto at = seen.find("\r\n"); at != std::string::npos; at = seen.find("\r\n")) {
      seen.replace(at, 2, "|");
    }
    EXPECT_EQ(seen + (plan.body ? "body" : "") + (plan.raw ? "raw" : ""), row.want);
  }
}

TEST(H1EncoderTest, LastChunkCarriesOnlyWhatMayBeThere) {
  Fields trailers;
  trailers.add("x-sum", "1");
  trailers.add("content-length", "5");
  trailers.add("host", "evil.test");
  trailers.add("set-cookie", "a=b");
  trailers.add("bad", "a\r\nb");
  std::string out;
  append_chunk_start(255, out);
  append_last_chunk(trailers, out);
  EXPECT_EQ(out, "ff\r\n0\r\nX-Sum: 1\r\n\r\n");
}

}  // namespace
}  // namespace weir
