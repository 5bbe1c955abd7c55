// What is blocked does not arrive: at each stage, for each reason, with a page that says why and an
// event that says the same.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/inspect/compress.h"
#include "tests/integration/scripted_gateway.h"

namespace weir::test {
namespace {

constexpr const char* kSecret = "the body that must not arrive";

Judge says(Verdict verdict, Reason reason, const std::string& name) {
  return [=](const Profile& profile, const std::string&) {
    return found(profile, verdict, reason, name);
  };
}

struct Want {
  int status = 403;
  std::string action = "block", verdict = "clean", reason = "policy", rule{};
};

// The page and the event tell the same story, and the client has nothing of the body.
void expect_refused(ScriptedGateway& gateway, const Reply& reply, const Want& want) {
  EXPECT_EQ(reply.status, want.status);
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(reply.raw.find("must not arrive"), std::string::npos);
  EXPECT_EQ(reply.field("x-weir-action"), want.action);
  EXPECT_EQ(reply.field("x-weir-verdict"), want.verdict);
  EXPECT_EQ(reply.field("x-weir-reason"), want.reason);
  EXPECT_EQ(reply.field("x-weir-rule"), want.rule);
  EXPECT_EQ(reply.field("cache-control"), "no-store");
  EXPECT_EQ(gateway.spooled_bytes(), 0U);
  const auto events = gateway.events();
  ASSERT_FALSE(events.empty());
  const Event& event = events.back();
  EXPECT_EQ(event.at("metadata.uid"), reply.field("x-weir-event"));
  EXPECT_EQ(event.at("unmapped.weir.action"), want.action);
  EXPECT_EQ(event.at("unmapped.weir.verdict"), want.verdict);
  EXPECT_EQ(event.at("policy.name"), want.rule);
  EXPECT_EQ(event.at("http_response.code"), std::to_string(want.status));
}

TEST(Block, AtTheRequestNothingIsDialled) {
  ScriptedGateway gateway;
  const Reply reply = gateway.get("/forbidden/x", "Accept: text/html\r\n");
  EXPECT_TRUE(gateway.dialer.dialed.empty());
  EXPECT_NE(reply.body.find("Not here."), std::string::npos);
  expect_refused(gateway, reply, {.rule = "forbidden"});
}

TEST(Block, AtTheConnectEveryRequestGetsThePage) {
  ScriptedGateway gateway;
  gateway.context.tunnelled = gateway.context.connect_blocked = true;
  gateway.context.tunnel_host = "origin.test";
  gateway.context.tunnel_port = 443;
  gateway.context.connect_note = {"connect", "block", "malware-hosts"};
  gateway.context.connect_reason = "Known to be bad.";
  const Reply reply = gateway.fetch(Script().says(request("GET /x")));
  EXPECT_NE(reply.body.find("Known to be bad."), std::string::npos);
  EXPECT_TRUE(gateway.dialer.dialed.empty());
  expect_refused(gateway, reply, {.rule = "malware-hosts"});
}

TEST(Block, AtTheResponseNothingIsScannedAndTheFetchStops) {
  ScriptedGateway gateway;
  gateway.origin().script.hears_head().says(
      "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nContent-Type: font/woff2\r\n\r\n" +
      std::string(kSecret));
  const Reply reply = gateway.get("/f");
  EXPECT_TRUE(gateway.inspector.seen.empty());
  EXPECT_TRUE(gateway.origin_left());
  expect_refused(gateway, reply, {.rule = "no-fonts"});
}

TEST(Block, OfAResponseWithoutABodyToo) {
  ScriptedGateway gateway;
  gateway.origin_says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Type: font/woff2\r\n\r\n");
  const Reply reply =
      gateway.fetch(Script().says(request("HEAD http://origin.test/f")), /*to_head=*/true);
  EXPECT_EQ(reply.body, "");
  expect_refused(gateway, reply, {.rule = "no-fonts"});
}

TEST(Block, AtTheVerdict) {
  ScriptedGateway gateway;
  gateway.inspector.judge = says(Verdict::malicious, Reason::none, "Eicar");
  gateway.origin_says(answer(kSecret));
  const Reply reply = gateway.get("/a", "Accept: text/html\r\n");
  EXPECT_NE(reply.body.find("It is known to be harmful."), std::string::npos);
  expect_refused(gateway, reply, {.verdict = "malicious", .reason = "malicious", .rule = "bad"});
}

// As much as may leave has left; the client must not take it for the whole.
TEST(Block, OfATrickleBreaksOff) {
  ScriptedGateway gateway;
  gateway.inspector.judge = says(Verdict::malicious, Reason::none, "Eicar");
  gateway.origin_says(answer(std::string(200 * 1024, 'x') + kSecret));
  const Reply reply = gateway.get("/trickle");
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.complete);
  EXPECT_EQ(reply.raw.find("must not arrive"), std::string::npos);
  const Event event = gateway.event();
  EXPECT_EQ(event.at("unmapped.weir.action"), "block");
  EXPECT_EQ(event.at("unmapped.weir.verdict"), "malicious");
  EXPECT_EQ(event.at("unmapped.weir.delivery"), "trickle");
}

// The last piece waits for the digest of the whole.
TEST(Block, OfAStreamByItsHashBreaksOff) {
  ScriptedGateway gateway;
  gateway.inspector.judge = says(Verdict::malicious, Reason::none, "listed");
  gateway.origin_says(answer(
      std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) + std::string(200 * 1024, 'x') + kSecret,
      "Content-Type: image/png\r\n"));
  const Reply reply = gateway.get("/i.png");
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.complete);
  EXPECT_EQ(reply.raw.find("must not arrive"), std::string::npos);
  const Event event = gateway.event();
  EXPECT_EQ(event.at("unmapped.weir.action"), "block");
  EXPECT_EQ(event.at("policy.name"), "bad");
}

class EachReason : public testing::TestWithParam<int> {};

// Whatever keeps a scanner from looking inside reaches the client by name, and nothing else does.
TEST_P(EachReason, IsNamedAndBlocked) {
  const auto reason = static_cast<Reason>(GetParam());
  const bool sealed = reason == Reason::encrypted || reason == Reason::partly_encrypted;
  ScriptedGateway gateway;
  gateway.inspector.judge = says(Verdict::uninspectable, reason, "why");
  gateway.origin_says(answer(kSecret));
  const Reply reply = gateway.get("/a");
  const std::string name(reason_name(reason));
  expect_refused(
      gateway, reply,
      {.verdict = "uninspectable", .reason = name, .rule = sealed ? "sealed" : "unseen"});
  EXPECT_EQ(gateway.event().at("unmapped.weir.reason"), name);
}

INSTANTIATE_TEST_SUITE_P(All, EachReason,
                         testing::Range(1, static_cast<int>(Reason::engine_down) + 1),
                         [](const auto& each) {
                           std::string name(reason_name(static_cast<Reason>(each.param)));
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(Block, WhenNoScannerAnswers) {
  ScriptedGateway gateway;
  gateway.inspector.judge = [](const Profile& profile, const std::string&) {
    return Assessment(profile.scanners);
  };
  gateway.origin_says(answer(kSecret));
  const Reply reply = gateway.get("/a");
  expect_refused(gateway, reply,
                 {.verdict = "uninspectable", .reason = "engine-down", .rule = "unseen"});
}

TEST(Block, WhenInspectionThrows) {
  ScriptedGateway gateway;
  gateway.inspector.judge = [](const Profile&, const std::string&) -> Assessment {
    throw std::runtime_error("a bug");
  };
  gateway.origin_says(answer(kSecret));
  const Reply reply = gateway.get("/a");
  EXPECT_EQ(reply.raw, "");
  EXPECT_EQ(gateway.event().at("unmapped.weir.error_code"), "internal");
}

struct Body {
  std::string name, path, fields, reason;
  std::string (*make)();
};

class OwnFindings : public testing::TestWithParam<Body> {};

// What the intake finds counts although the scanners call it clean.
TEST_P(OwnFindings, AreBlocked) {
  const Body& each = GetParam();
  ScriptedGateway gateway;
  gateway.origin_says(answer(each.make(), each.fields));
  const Reply reply = gateway.get(each.path);
  expect_refused(gateway, reply,
                 {.verdict = "uninspectable", .reason = each.reason, .rule = "unseen"});
}

INSTANTIATE_TEST_SUITE_P(
    All, OwnFindings,
    testing::Values(Body{"too_large", "/little", "", "too-large",
                         [] { return std::string(100 * 1024, 'x'); }},
                    Body{"unknown_coding", "/a", "Content-Encoding: exotic\r\n", "unknown-coding",
                         [] { return std::string(kSecret); }},
                    Body{"corrupt", "/a", "Content-Encoding: gzip\r\n", "corrupt",
                         [] { return std::string(kSecret); }},
                    Body{"cut_short", "/a", "Content-Encoding: gzip\r\n", "truncated",
                         [] { return gzip(std::string(5000, 'x') + kSecret).substr(0, 30); }},
                    Body{"bomb", "/a", "Content-Encoding: gzip\r\n", "ratio",
                         [] { return gzip(std::string(40 * 1024 * 1024, 'x')); }}),
    [](const auto& each) { return each.param.name; });

TEST(Tolerated, TooLargeIsDeliveredWholeWithAnAlert) {
  ScriptedGateway gateway;
  const std::string body(300 * 1024, 'x');
  gateway.origin_says(answer(body));
  const Reply reply = gateway.get("/tolerant");
  EXPECT_EQ(reply.body, body);
  EXPECT_TRUE(reply.complete);
  const Event event = gateway.event();
  EXPECT_EQ(event.at("unmapped.weir.action"), "alert");
  EXPECT_EQ(event.at("unmapped.weir.reason"), "too-large");
  EXPECT_EQ(event.at("policy.name"), "tolerated");
}

TEST(Remembered, ARangeOfWhatWasBlockedIsRefusedWithoutAsking) {
  ScriptedGateway gateway;
  gateway.inspector.judge = says(Verdict::malicious, Reason::none, "Eicar");
  gateway.origin_says(answer(kSecret));
  EXPECT_EQ(gateway.get("/a").status, 403);
  const Reply reply = gateway.get("/a", "Range: bytes=9-\r\n");
  EXPECT_EQ(gateway.dialer.dialed.size(), 1U);
  expect_refused(gateway, reply, {.verdict = "malicious", .reason = "malicious", .rule = "bad"});
}

TEST(Remembered, UntilTheWholeIsAllowed) {
  ScriptedGateway gateway;
  gateway.inspector.judge = says(Verdict::uninspectable, Reason::timeout, "slow");
  gateway.origin_says(answer("0123456789", "Connection: close\r\n"));
  EXPECT_EQ(gateway.get("/a").status, 403);
  gateway.inspector.judge = [](const Profile& profile, const std::string&) {
    return clean(profile);
  };
  gateway.origin_says(answer("0123456789", "Connection: close\r\n"));
  EXPECT_EQ(gateway.get("/a").status, 200);
  gateway.origin_says(answer("0123456789", "Connection: close\r\n"));
  EXPECT_EQ(gateway.get("/a", "Range: bytes=9-\r\n").body, "9");
}

struct Guarded {
  std::string name, line, fields;
  int status;
  std::string action, reason, rule;
};

class Guards : public testing::TestWithParam<Guarded> {};

TEST_P(Guards, RefuseWhatNoPolicyAllows) {
  const Guarded& each = GetParam();
  ScriptedGateway gateway;
  gateway.origin().address = IpAddress::v4(0x0A000001);
  const Reply reply = gateway.fetch(Script().says(request(each.line, each.fields)));
  expect_refused(
      gateway, reply,
      {.status = each.status, .action = each.action, .reason = each.reason, .rule = each.rule});
}

INSTANTIATE_TEST_SUITE_P(
    All, Guards,
    testing::Values(Guarded{"private_address", "GET http://origin.test/", "", 403, "block",
                            "address", "all"},
                    Guarded{"loop", "GET http://origin.test/", "Via: 1.1 weir-test\r\n", 508,
                            "block", "loop", ""},
                    Guarded{"not_a_proxy_request", "GET /", "", 400, "error", "bad-request", ""}),
    [](const auto& each) { return each.param.name; });

TEST(Guards, AClosedPort) {
  ScriptedGateway gateway;
  const Reply reply =
      gateway.fetch(Script().says("GET http://origin.test:25/ HTTP/1.1\r\nHost: origin.test:25\r\n"
                                  "Connection: close\r\n\r\n"));
  EXPECT_TRUE(gateway.dialer.dialed.empty());
  expect_refused(gateway, reply, {.reason = "port", .rule = "http-ports"});
}

TEST(Guards, ADrainingGateway) {
  ScriptedGateway gateway;
  gateway.drain();
  const Reply reply = gateway.get("/a");
  EXPECT_EQ(reply.field("retry-after"), "5");
  expect_refused(gateway, reply, {.status = 503, .action = "error", .reason = "busy"});
}

struct Tunnel : ScriptedGateway {
  explicit Tunnel(const std::string& host) {
    context.tunnelled = true;
    context.tunnel_host = host;
    context.tunnel_port = 443;
    context.connect_note = {"connect", "intercept", "open"};
  }
  Reply get(const std::string& host) {
    return fetch(
        Script().says("GET /x HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"));
  }
};

TEST(Tunnel, ARequestForAnotherHostIsMisdirected) {
  Tunnel gateway("origin.test");
  const Reply reply = gateway.get("other.test");
  EXPECT_TRUE(gateway.dialer.dialed.empty());
  expect_refused(gateway, reply, {.status = 421, .reason = "misdirected"});
}

TEST(Tunnel, ABadCertificateIsBlockedByName) {
  Tunnel gateway("origin.test");
  gateway.origin().certificate_error = "expired";
  const Reply reply = gateway.get("origin.test");
  expect_refused(gateway, reply, {.status = 502, .reason = "expired", .rule = "certificate"});
}

TEST(Tunnel, OnlyTheNamedErrorOfTheNamedHostIsAccepted) {
  for (const std::string error : {"expired", "self-signed"}) {
    Tunnel gateway("old.test");
    for (int dial = 0; dial < 2; ++dial) {
      OriginScript& origin = gateway.origin();
      origin.certificate_error = error;
      origin.script.hears_head().says(answer("from the old one"));
    }
    const Reply reply = gateway.get("old.test");
    const Event event = gateway.event();
    EXPECT_EQ(event.at("unmapped.weir.certificate_error"), error);
    EXPECT_EQ(event.at("unmapped.weir.action"), error == "expired" ? "alert" : "block");
    EXPECT_EQ(reply.body == "from the old one", error == "expired");
  }
}

}  // namespace
}  // namespace weir::test
