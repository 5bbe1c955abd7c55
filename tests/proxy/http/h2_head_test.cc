#include "proxy/http/h2_head.h"

#include <gtest/gtest.h>

#include "tests/proxy/http/h2_frames.h"

namespace weir {
namespace {

using test::get;
using test::Pairs;
using test::plus;
using test::post;
using Kind = H2HeadDecoder::Kind;

H2HeadDecoder decode(Kind kind, const Pairs& fields) {
  H2HeadDecoder decoder(kind, 64 * 1024, 200);
  for (const auto& [name, value] : fields) decoder.add(name, value);
  return decoder;
}

struct BadRequest {
  const char* name;
  Pairs fields;
  const char* why;
};

Pairs without(Pairs fields, std::string_view name) {
  std::erase_if(fields, [name](const auto& each) { return each.first == name; });
  return fields;
}

TEST(H2Head, RefusesMalformedRequests) {
  const Pairs connect = {{":method", "CONNECT"}, {":authority", "a.test:443"}};
  const std::vector<BadRequest> cases = {
      {"no method", without(get(), ":method"), "no or bad :method"},
      {"bad method", plus(without(get(), ":method"), {{":method", "GE T"}}), "no or bad :method"},
      {"no scheme", without(get(), ":scheme"), "no or bad :scheme"},
      {"odd scheme", plus(without(get(), ":scheme"), {{":scheme", "ftp"}}), "no or bad :scheme"},
      {"upper scheme", plus(without(get(), ":scheme"), {{":scheme", "HTTPS"}}),
       "no or bad :scheme"},
      {"no path", without(get(), ":path"), "no :path"},
      {"empty path", get(""), "no :path"},
      {"relative path", get("x"), ":path is not absolute"},
      {"absolute-form path", get("http://b.test/"), ":path is not absolute"},
      {"star for GET", get("*"), ":path is not absolute"},
      {"space in path", get("/a b"), ":path has a forbidden character"},
      {"fragment in path", get("/a#b"), ":path has a forbidden character"},
      {"no authority", without(get(), ":authority"), "no :authority"},
      {"empty authority", plus(without(get(), ":authority"), {{":authority", ""}}),
       "no :authority"},
      {"userinfo", plus(without(get(), ":authority"), {{":authority", "u@a.test"}}),
       ":authority is not a host"},
      {"slash in authority", plus(without(get(), ":authority"), {{":authority", "a.test/x"}}),
       ":authority is not a host"},
      {"host disagrees", plus(get(), {{"host", "b.test"}}), ":authority and host disagree"},
      {"host twice", plus(get(), {{"host", "a.test"}, {"host", "a.test"}}), "host came twice"},
      {"method twice", plus(get(), {{":method", "GET"}}), "a pseudo-field came twice"},
      {"pseudo after regular", plus(plus({{"x", "y"}}, {}), get()),
       "a pseudo-field after a regular one"},
      {"unknown pseudo", plus(get(), {{":weird", "1"}}), "an unknown or misplaced pseudo-field"},
      {"status in request", plus(get(), {{":status", "200"}}),
       "an unknown or misplaced pseudo-field"},
      {"connection", plus(get(), {{"connection", "close"}}), "a connection-specific field"},
      {"keep-alive", plus(get(), {{"keep-alive", "1"}}), "a connection-specific field"},
      {"proxy-connection", plus(get(), {{"proxy-connection", "x"}}), "a connection-specific field"},
      {"transfer-encoding", plus(post(), {{"transfer-encoding", "chunked"}}),
       "a connection-specific field"},
      {"upgrade", plus(get(), {{"upgrade", "h2c"}}), "a connection-specific field"},
      {"te", plus(get(), {{"te", "gzip"}}), "te other than trailers"},
      {"te list", plus(get(), {{"te", "trailers, gzip"}}), "te other than trailers"},
      {"upper name", plus(get(), {{"X-A", "1"}}), "a field name has a forbidden character"},
      {"colon in name", plus(get(), {{"a:b", "1"}}), "a field name has a forbidden character"},
      {"space in name", plus(get(), {{"a b", "1"}}), "a field name has a forbidden character"},
      {"empty name", plus(get(), {{"", "1"}}), "a field name has a forbidden character"},
      {"CR LF in value", plus(get(), {{"x", "a\r\nb: c"}}),
       "a field value has a forbidden character"},
      {"LF in value", plus(get(), {{"x", "a\nb"}}), "a field value has a forbidden character"},
      {"NUL in value", plus(get(), {{"x", std::string("a\0b", 3)}}),
       "a field value has a forbidden character"},
      {"DEL in value", plus(get(), {{"x", "\x7f"}}), "a field value has a forbidden character"},
      {"leading space", plus(get(), {{"x", " a"}}), "a field value has a forbidden character"},
      {"trailing tab", plus(get(), {{"x", "a\t"}}), "a field value has a forbidden character"},
      {"CR LF in path", get("/\r\nx: y"), "a field value has a forbidden character"},
      {"length twice", plus(post(), {{"content-length", "1"}, {"content-length", "1"}}),
       "content-length came twice"},
      {"length list", plus(post(), {{"content-length", "1, 1"}}), "content-length is not a number"},
      {"signed length", plus(post(), {{"content-length", "+1"}}), "content-length is not a number"},
      {"empty length", plus(post(), {{"content-length", ""}}), "content-length is not a number"},
      {"huge length", plus(post(), {{"content-length", "18446744073709551617"}}),
       "content-length is not a number"},
      {"CONNECT with path", plus(connect, {{":path", "/"}}), "CONNECT with :scheme or :path"},
      {"CONNECT with length", plus(connect, {{"content-length", "0"}}),
       "content-length on CONNECT"},
      {"protocol on GET", plus(get(), {{":protocol", "websocket"}}), "misplaced :protocol"},
  };
  for (const auto& each : cases) {
    auto decoder = decode(Kind::request, each.fields);
    RequestHead head;
    EXPECT_FALSE(decoder.finish(head, false)) << each.name;
    EXPECT_EQ(decoder.failure(), each.why) << each.name;
  }
}

TEST(H2Head, TakesGoodRequests) {
  RequestHead head;
  auto decoder = decode(Kind::request, plus(get("/a?b=c"), {{"host", "A.test"},
                                                            {"cookie", "a=1"},
                                                            {"x", "1"},
                                                            {"cookie", "b=2"},
                                                            {"te", "trailers"},
                                                            {"expect", "100-Continue"}}));
  ASSERT_TRUE(decoder.finish(head, true)) << decoder.failure();
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.authority, "a.test");
  EXPECT_EQ(head.path, "/a?b=c");
  EXPECT_EQ(head.version, HttpVersion::h2);
  EXPECT_TRUE(head.expect_continue);
  EXPECT_EQ(head.framing, Framing{});
  EXPECT_EQ(head.fields.list(),
            (std::vector<Field>{{"cookie", "a=1; b=2"}, {"x", "1"}, {"te", "trailers"}}));
}

TEST(H2Head, AcceptsWhatTheStandardAllows) {
  const std::vector<std::pair<const char*, Pairs>> cases = {
      {"host only", plus(without(get(), ":authority"), {{"host", "a.test"}})},
      {"OPTIONS *", plus(without(get("*"), ":method"), {})},
      {"plain CONNECT", {{":method", "CONNECT"}, {":authority", "a.test:443"}}},
      {"IPv6", plus(without(get(), ":authority"), {{":authority", "[::1]:8443"}})},
      {"extended CONNECT", plus(without(get("/chat"), ":method"),
                                {{":method", "CONNECT"}, {":protocol", "websocket"}})},
  };
  for (auto [name, fields] : cases) {
    if (std::string_view(name) == "OPTIONS *") {
      fields.insert(fields.begin(), {":method", "OPTIONS"});
    }
    auto decoder = decode(Kind::request, fields);
    RequestHead head;
    EXPECT_TRUE(decoder.finish(head, false)) << name << ": " << decoder.failure();
  }
}

TEST(H2Head, FramingFollowsLengthAndEnd) {
  struct Case {
    const char* name;
    Pairs fields;
    bool end;
    Framing want;
  };
  const std::vector<Case> cases = {
      {"none", post(), true, {}},
      {"unknown", post(), false, {Framing::Kind::chunked, 0}},
      {"length", plus(post(), {{"content-length", "7"}}), false, {Framing::Kind::length, 7}},
      {"zero", plus(post(), {{"content-length", "0"}}), true, {Framing::Kind::length, 0}},
  };
  for (const auto& each : cases) {
    auto decoder = decode(Kind::request, each.fields);
    RequestHead head;
    ASSERT_TRUE(decoder.finish(head, each.end)) << each.name;
    EXPECT_EQ(head.framing, each.want) << each.name;
    EXPECT_FALSE(head.fields.has("content-length")) << each.name;
  }
}

TEST(H2Head, ResponseStatus) {
  struct Case {
    const char* status;
    bool end;
    bool good;
  };
  for (const auto& each : std::vector<Case>{{"200", true, true},
                                            {"103", false, true},
                                            {"103", true, false},
                                            {"101", false, false},
                                            {"099", false, false},
                                            {"600", false, false},
                                            {"20", false, false},
                                            {"2000", false, false},
                                            {"2x0", false, false},
                                            {"", false, false}}) {
    auto decoder = decode(Kind::response, {{":status", each.status}});
    ResponseHead head;
    EXPECT_EQ(decoder.finish(head, each.end), each.good) << each.status;
    if (each.good) EXPECT_EQ(std::to_string(head.status), each.status);
  }
  auto no_content = decode(Kind::response, {{":status", "204"}, {"content-length", "3"}});
  ResponseHead head;
  EXPECT_FALSE(no_content.finish(head, true));
}

TEST(H2Head, TrailersCannotFrameOrRoute) {
  for (const char* name : {"content-length", "host", "transfer-encoding", "te", "authorization",
                           ":status", ":path", "connection", "cookie"}) {
    auto decoder = decode(Kind::trailers, {{name, "1"}});
    Fields fields;
    EXPECT_FALSE(decoder.finish(fields)) << name;
  }
  auto decoder = decode(Kind::trailers, {{"grpc-status", "0"}});
  Fields fields;
  ASSERT_TRUE(decoder.finish(fields));
  EXPECT_EQ(fields.get("grpc-status"), "0");
}

TEST(H2Head, LimitsCountAndBytes) {
  H2HeadDecoder few(Kind::request, 64 * 1024, 5);
  for (const auto& [name, value] : get()) few.add(name, value);
  for (int i = 0; i < 100; ++i) few.add("cookie", "a=" + std::to_string(i));
  EXPECT_FALSE(few.too_large());  // crumbs are one field
  few.add("x", "1");
  EXPECT_TRUE(few.too_large());

  H2HeadDecoder small(Kind::request, 100, 50);
  small.add("a", std::string(67, 'x'));
  EXPECT_FALSE(small.too_large());
  EXPECT_EQ(small.bytes(), 100U);
  small.add("b", "");
  EXPECT_TRUE(small.too_large());
}

std::string shown(const H2FieldList& list) {
  std::string out;
  for (const auto& each : list.entries) {
    out += std::string(each.name) + "=" + std::string(each.value) + (each.secret ? "! " : " ");
  }
  return out;
}

TEST(H2Head, EncodesInWireOrderWithoutConnectionFields) {
  RequestHead head;
  head.method = "POST";
  head.scheme = "https";
  head.authority = "a.test";
  head.path = "/";
  head.framing = {Framing::Kind::length, 12};
  for (const char* name : {"connection", "host", "te", "upgrade", "content-length"}) {
    head.fields.add(name, "1");
  }
  head.fields.add("authorization", "Basic eA==");
  head.fields.add("accept", "*/*");
  H2FieldList list;
  ASSERT_TRUE(encode_h2(head, list));
  EXPECT_EQ(shown(list),
            ":method=POST :authority=a.test :scheme=https :path=/ authorization=Basic eA==! "
            "accept=*/* content-length=12 ");

  ResponseHead answer;
  answer.status = 200;
  answer.framing = {Framing::Kind::length, 18000000000000000000ULL};
  answer.fields.add("set-cookie", "a=b");
  ASSERT_TRUE(encode_h2(answer, list));
  EXPECT_EQ(shown(list), ":status=200 set-cookie=a=b! content-length=18000000000000000000 ");

  RequestHead tunnel;
  tunnel.method = "CONNECT";
  tunnel.scheme = "https";
  tunnel.authority = "a.test";
  tunnel.path = "/chat";
  tunnel.protocol = "websocket";
  ASSERT_TRUE(encode_h2(tunnel, list));
  EXPECT_EQ(shown(list),
            ":method=CONNECT :authority=a.test :scheme=https :path=/chat :protocol=websocket ");
}

TEST(H2Head, DoesNotEncodeWhatWouldSplit) {
  H2FieldList list;
  RequestHead good;
  good.method = "GET";
  good.scheme = "https";
  good.authority = "a.test";
  good.path = "/";
  ASSERT_TRUE(encode_h2(good, list));
  auto bad_field = good;
  bad_field.fields.add("x", "a\r\nb");
  EXPECT_FALSE(encode_h2(bad_field, list));
  auto bad_name = good;
  bad_name.fields.add("X", "a");
  EXPECT_FALSE(encode_h2(bad_name, list));
  auto bad_path = good;
  bad_path.path = "/ x";
  EXPECT_FALSE(encode_h2(bad_path, list));
  ResponseHead switching;
  switching.status = 101;
  EXPECT_FALSE(encode_h2(switching, list));
}

}  // namespace
}  // namespace weir
