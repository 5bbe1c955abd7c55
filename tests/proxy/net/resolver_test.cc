#include "proxy/net/resolver.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "proxy/net/dns_service.h"
#include "proxy/net/loop.h"
#include "tests/proxy/net/fake_dns.h"
#include "tests/support/run_loop.h"

namespace weir {
namespace {

using std::chrono::seconds;
using test::DnsReply;
using test::kA;
using test::kAaaa;
using test::run;

// "addr addr" or "! what".
std::string show(const Result<std::vector<IpAddress>>& result) {
  if (!result) return "! " + result.error().what;
  std::string all;
  for (const IpAddress& each : *result) all += (all.empty() ? "" : " ") + each.text();
  return all;
}

struct Scene {
  explicit Scene(DnsSettings settings = {}, Millis limit = Millis(5000)) {
    settings.servers = {server.address()};
    auto started = DnsService::start(settings, limit);
    EXPECT_TRUE(started);
    service = std::move(*started);
    resolver = std::make_unique<Resolver>(loop, service.get(), settings, limit);
  }
  std::string resolve(const std::string& host) { return show(run(loop, resolver->resolve(host))); }

  test::FakeDns server;
  ManualClock clock;
  Loop loop{clock};
  std::unique_ptr<DnsService> service;
  std::unique_ptr<Resolver> resolver;
};

TEST(ResolverTest, AsksBothFamiliesAndPutsIpv6First) {
  Scene scene;
  scene.server.set("www.example.test", kA, {.addresses = {"192.0.2.1", "192.0.2.2", "192.0.2.1"}});
  scene.server.set("www.example.test", kAaaa, {.addresses = {"2001:db8::1"}});
  EXPECT_EQ(scene.resolve("www.example.test"), "2001:db8::1 192.0.2.1 192.0.2.2");
  EXPECT_EQ(scene.server.queries(), 2);
}

TEST(ResolverTest, OneFamilyIsEnough) {
  Scene scene;
  scene.server.set("four.test", kA, {.addresses = {"192.0.2.1"}});
  scene.server.set("four.test", kAaaa, {});
  scene.server.set("six.test", kA, {.rcode = 2});
  scene.server.set("six.test", kAaaa, {.addresses = {"2001:db8::1"}});
  EXPECT_EQ(scene.resolve("four.test"), "192.0.2.1");
  EXPECT_EQ(scene.resolve("six.test"), "2001:db8::1");
}

TEST(ResolverTest, FamilyThatDoesNotAnswerIsNotWaitedForLong) {
  Scene scene;
  scene.server.set("half.test", kA, {.addresses = {"192.0.2.1"}});
  scene.server.set("half.test", kAaaa, {.kind = DnsReply::Kind::silence});
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(scene.resolve("half.test"), "192.0.2.1");
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(4));  // the limit is five
}

TEST(ResolverTest, ErrorsNameTheHostAndTellTheCausesApart) {
  struct Case {
    DnsReply reply;
    const char* want;
  };
  const Case cases[] = {
      {{.rcode = 3}, "! resolve x.test: no such name (NXDOMAIN)"},
      {{}, "! resolve x.test: the name has no address (NODATA)"},
      {{.rcode = 2}, "! resolve x.test: the name server failed (SERVFAIL)"},
      {{.rcode = 5}, "! resolve x.test: the name server failed (SERVFAIL)"},
      {{.kind = DnsReply::Kind::silence},
       "! resolve x.test: no answer from the name server within 140 ms"},
      {{.kind = DnsReply::Kind::wrong_id, .addresses = {"192.0.2.1"}},
       "! resolve x.test: no answer from the name server within 140 ms"},
  };
  for (const Case& each : cases) {
    const bool answered = each.reply.kind == DnsReply::Kind::answer;
    Scene scene({}, Millis(answered ? 20'000 : 140));
    scene.server.set_both("x.test", each.reply);
    EXPECT_EQ(scene.resolve("x.test"), each.want);
    const auto again = run(scene.loop, scene.resolver->resolve("x.test"));
    EXPECT_EQ(again.error().code, Errc::dns_failure);
  }
}

TEST(ResolverTest, GarbageIsNeverAnAddress) {
  for (const auto kind : {DnsReply::Kind::garbage, DnsReply::Kind::cut}) {
    Scene scene({}, Millis(140));
    scene.server.set("bad.test", kA, {.kind = kind, .addresses = {"192.0.2.1"}});
    scene.server.set("bad.test", kAaaa, {.kind = kind, .addresses = {"2001:db8::1"}});
    const auto result = run(scene.loop, scene.resolver->resolve("bad.test"));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::dns_failure);
  }
}

TEST(ResolverTest, KeepsAnswersForTheirTimeWithinBounds) {
  struct Case {
    std::uint32_t ttl;
    int lives;  // seconds
  };
  for (const Case& each : {Case{60, 60}, Case{0, 5}, Case{4'000'000, 3600}}) {
    Scene scene;
    scene.server.set("c.test", kA, {.addresses = {"192.0.2.1"}, .ttl = each.ttl});
    scene.server.set("c.test", kAaaa, {});
    EXPECT_EQ(scene.resolve("c.test"), "192.0.2.1");
    scene.clock.advance(seconds(each.lives) - Duration(1));
    EXPECT_EQ(scene.resolve("C.test."), "192.0.2.1");
    EXPECT_EQ(scene.server.queries(), 2) << each.ttl;
    scene.clock.advance(Duration(1));
    EXPECT_EQ(scene.resolve("c.test"), "192.0.2.1");
    EXPECT_EQ(scene.server.queries(), 4) << each.ttl;
  }
}

TEST(ResolverTest, RemembersMissingNamesButNotFailures) {
  Scene scene;
  scene.server.set_both("none.test", {.rcode = 3});
  scene.server.set_both("fails.test", {.rcode = 2});
  (void)scene.resolve("none.test");
  const int once = scene.server.queries();
  (void)scene.resolve("none.test");
  EXPECT_EQ(scene.server.queries(), once);
  scene.clock.advance(seconds(10));
  (void)scene.resolve("none.test");
  EXPECT_GT(scene.server.queries(), once);
  const int before = scene.server.queries();
  (void)scene.resolve("fails.test");
  const int failed = scene.server.queries();
  (void)scene.resolve("fails.test");
  EXPECT_GT(failed, before);
  EXPECT_GT(scene.server.queries(), failed);
}

TEST(ResolverTest, CacheIsBoundedAndForgetsTheLeastUsed) {
  DnsSettings settings;
  settings.cache_entries = 2;
  Scene scene(settings);
  for (const char* name : {"a.test", "b.test", "c.test"}) {
    scene.server.set(name, kA, {.addresses = {"192.0.2.1"}});
    scene.server.set(name, kAaaa, {});
  }
  (void)scene.resolve("a.test");
  (void)scene.resolve("b.test");
  (void)scene.resolve("a.test");
  (void)scene.resolve("c.test");  // b goes
  EXPECT_EQ(scene.resolver->cached(), 2U);
  EXPECT_EQ(scene.server.queries(), 6);
  (void)scene.resolve("a.test");
  EXPECT_EQ(scene.server.queries(), 6);
  (void)scene.resolve("b.test");
  EXPECT_EQ(scene.server.queries(), 8);
}

TEST(ResolverTest, ManyWhoAskAtOnceShareOneLookup) {
  Scene scene;
  scene.server.set("busy.test", kA, {.addresses = {"192.0.2.1"}});
  scene.server.set("busy.test", kAaaa, {});
  int answered = 0;
  for (int i = 0; i < 20; ++i) {
    test::spawn(scene.loop, [](Scene& own, int& count) -> Co<void> {
      if (co_await own.resolver->resolve("busy.test")) ++count;
      if (count == 20) own.loop.stop();
    }(scene, answered));
  }
  scene.loop.run();
  EXPECT_EQ(answered, 20);
  EXPECT_EQ(scene.server.queries(), 2);
}

TEST(ResolverTest, WhatNeedsNoNameServer) {
  DnsSettings settings;
  settings.hosts = {{"Intranet.Test", {"10.1.2.3", "fd00::1"}},
                    {"localhost.override.test", {"::1"}}};
  Scene scene(settings);
  struct Case {
    const char* host;
    const char* want;
  };
  const Case cases[] = {
      {"intranet.test", "10.1.2.3 fd00::1"},
      {"INTRANET.test.", "10.1.2.3 fd00::1"},
      {"192.0.2.7", "192.0.2.7"},
      {"2001:db8::7", "2001:db8::7"},
      {"[2001:db8::7]", "2001:db8::7"},
      {"localhost", "::1 127.0.0.1"},
      {"printer.localhost.", "::1 127.0.0.1"},
      {"", "! resolve : not a host name"},
      {"a..test", "! resolve a..test: not a host name"},
      {".test", "! resolve .test: not a host name"},
      {"a b", "! resolve a?b: not a host name"},
      {"a\\.test", "! resolve a\\.test: not a host name"},
  };
  for (const Case& each : cases) EXPECT_EQ(scene.resolve(each.host), each.want) << each.host;
  EXPECT_TRUE(scene.resolve(std::string(64, 'a') + ".test").ends_with("not a host name"));
  EXPECT_EQ(scene.server.queries(), 0);
}

TEST(ResolverTest, HostsOnlyAsksNobody) {
  ManualClock clock;
  Loop loop(clock);
  DnsSettings settings;
  settings.hosts = {{"known.test", {"192.0.2.1"}}};
  settings.hosts_only = true;
  Resolver resolver(loop, nullptr, settings, Millis(1000));
  EXPECT_EQ(show(run(loop, resolver.resolve("known.test"))), "192.0.2.1");
  EXPECT_EQ(show(run(loop, resolver.resolve("other.test"))),
            "! resolve other.test: not in dns.hosts, and dns.hosts_only is set");
}

TEST(ResolverTest, AtMostSixtyFourAddresses) {
  Scene scene;
  std::vector<std::string> many;
  for (int i = 0; i < 70; ++i) many.push_back("192.0.2." + std::to_string(i));
  scene.server.set("many.test", kA, {.addresses = many});
  scene.server.set("many.test", kAaaa, {});
  const auto result = run(scene.loop, scene.resolver->resolve("many.test"));
  ASSERT_TRUE(result);
  EXPECT_LE(result->size(), Resolver::kMaxAddresses);
  EXPECT_GE(result->size(), 32U);
}

TEST(ResolverTest, MayGoWhileALookupIsUnderWay) {
  for (const bool service_first : {false, true}) {
    Scene scene;
    scene.server.set_both("slow.test", {.kind = DnsReply::Kind::silence});
    std::string told;
    test::spawn(scene.loop, [](Scene& own, std::string& into) -> Co<void> {
      into = show(co_await own.resolver->resolve("slow.test"));
    }(scene, told));
    test::settle(scene.loop);
    if (service_first) {
      scene.service.reset();
      test::settle(scene.loop);
      EXPECT_EQ(told, "! resolve slow.test: cancelled");
    }
    scene.resolver.reset();
    scene.service.reset();
    test::settle(scene.loop);
  }
}

TEST(DnsServiceTest, RefusesAServerThatIsNone) {
  DnsSettings settings;
  settings.servers = {"127.0.0.1", "[::1]:5353", "dns.example.test"};
  const auto started = DnsService::start(settings, Millis(100));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::invalid);
  EXPECT_NE(started.error().what.find("\"dns.example.test\""), std::string::npos);
}

TEST(DnsServiceTest, AnswersBusyRatherThanQueueWithoutBound) {
  Scene scene;
  std::atomic<int> busy{0};
  std::atomic<int> answers{0};
  for (int i = 0; i < 600; ++i) {
    const std::string host = "n" + std::to_string(i) + ".test";
    scene.server.set_both(host, {.kind = DnsReply::Kind::silence});
    scene.service->ask(host, [&](DnsAnswer answer) {
      ++answers;
      if (answer.status == DnsStatus::busy) ++busy;
    });
  }
  scene.service.reset();
  EXPECT_EQ(busy, 600 - 512);
  EXPECT_EQ(answers, 600);
}

}  // namespace
}  // namespace weir
