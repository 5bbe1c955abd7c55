#include "proxy/net/dialer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "proxy/net/loop.h"
#include "proxy/net/resolver.h"
#include "tests/proxy/net/loopback.h"
#include "tests/support/run_loop.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::run;

bool anything(const IpAddress&) { return true; }

// Real time: what is raced are real connection attempts.
struct Scene {
  explicit Scene(std::vector<std::string> addresses, Millis stagger = Millis(50)) {
    DnsSettings dns;
    dns.hosts = {{"origin.test", std::move(addresses)}};
    dns.hosts_only = true;
    resolver = std::make_unique<Resolver>(loop, nullptr, dns, Millis(1000));
    TimeoutSettings timeouts;
    timeouts.happy_eyeballs = stagger;
    dialer = std::make_unique<Dialer>(loop, *resolver, timeouts);
  }
  Result<Dialed> dial(std::uint16_t port, AddressGuard guard = anything,
                      Duration limit = seconds(10)) {
    return run(loop, dialer->dial("origin.test", port, std::move(guard), limit));
  }
  SystemClock clock;
  Loop loop{clock};
  std::unique_ptr<Resolver> resolver;
  std::unique_ptr<Dialer> dialer;
};

TEST(DialerTest, ConnectsAndTellsWhere) {
  auto endpoint = test::loopback("127.0.0.1");
  const auto listening = test::bound(endpoint, 8);
  Scene scene({"127.0.0.1"});
  const auto dialed = scene.dial(endpoint.port);
  ASSERT_TRUE(dialed) << dialed.error().what;
  EXPECT_EQ(dialed->peer, endpoint);
  EXPECT_EQ(dialed->stream->peer(), endpoint);
  EXPECT_TRUE(dialed->stream->is_open());
  EXPECT_GE(dialed->dns, Duration(0));
  EXPECT_GT(dialed->connect, Duration(0));
}

TEST(DialerTest, RefusedFirstAddressYieldsToTheNextAtOnce) {
  auto endpoint = test::loopback("127.0.0.1");
  const auto listening = test::bound(endpoint, 8);
  // Nobody listens on these; with the stagger waited for, this would take minutes.
  Scene scene({"::1", "127.0.0.9", "127.0.0.8", "127.0.0.1"}, Millis(60'000));
  const auto dialed = scene.dial(endpoint.port);
  ASSERT_TRUE(dialed) << dialed.error().what;
  EXPECT_EQ(dialed->peer, endpoint);
}

TEST(DialerTest, SilentFirstAddressYieldsAfterTheStagger) {
  const test::Saturated silent("127.0.0.2");
  auto endpoint = test::loopback("127.0.0.3", silent.endpoint.port);
  const auto listening = test::bound(endpoint, 8);
  Scene scene({"127.0.0.2", "127.0.0.3"});
  const auto dialed = scene.dial(endpoint.port);
  ASSERT_TRUE(dialed) << dialed.error().what;
  EXPECT_EQ(dialed->peer, endpoint);
  EXPECT_GE(dialed->connect, milliseconds(50));
}

TEST(DialerTest, PrefersIpv6) {
  auto six = test::loopback("::1");
  const auto listening_six = test::bound(six, 8);
  auto four = test::loopback("127.0.0.1", six.port);
  const auto listening_four = test::bound(four, 8);
  Scene scene({"127.0.0.1", "::1"});
  const auto dialed = scene.dial(six.port);
  ASSERT_TRUE(dialed) << dialed.error().what;
  EXPECT_EQ(dialed->peer, six);
}

TEST(DialerTest, GuardDropsAddressesOneByOne) {
  auto endpoint = test::loopback("127.0.0.3");
  const auto listening = test::bound(endpoint, 8);
  auto other = test::loopback("127.0.0.2", endpoint.port);
  const auto also_listening = test::bound(other, 8);
  Scene scene({"127.0.0.2", "127.0.0.3"});
  const auto dialed = scene.dial(
      endpoint.port, [](const IpAddress& address) { return address.text() == "127.0.0.3"; });
  ASSERT_TRUE(dialed) << dialed.error().what;
  EXPECT_EQ(dialed->peer, endpoint);
}

TEST(DialerTest, FailuresAreToldApart) {
  struct Case {
    const char* name;
    std::vector<std::string> addresses;
    bool allowed;
    Errc want;
    const char* text;
  };
  const test::Saturated silent("127.0.0.2");
  const Case cases[] = {
      {"denied", {"127.0.0.9", "::1"}, false, Errc::address_denied, "loopback"},
      {"refused", {"127.0.0.9", "127.0.0.8"}, true, Errc::refused, "refused"},
      {"silent", {"127.0.0.2"}, true, Errc::timeout, "no answer"},
      {"refused and silent", {"127.0.0.9", "127.0.0.2"}, true, Errc::refused, "refused"},
  };
  for (const Case& each : cases) {
    Scene scene(each.addresses);
    const auto dialed = scene.dial(
        silent.endpoint.port, [&](const IpAddress&) { return each.allowed; }, milliseconds(120));
    ASSERT_FALSE(dialed) << each.name;
    EXPECT_EQ(dialed.error().code, each.want) << each.name << ": " << dialed.error().what;
    EXPECT_NE(dialed.error().what.find(each.text), std::string::npos) << dialed.error().what;
    EXPECT_TRUE(dialed.error().what.starts_with("origin.test:")) << dialed.error().what;
    EXPECT_TRUE(dialed.error().retryable) << each.name;
  }
}

TEST(DialerTest, NameThatDoesNotResolve) {
  Scene scene({"127.0.0.1"});
  const auto dialed = run(scene.loop, scene.dialer->dial("other.test", 80, anything, seconds(1)));
  ASSERT_FALSE(dialed);
  EXPECT_EQ(dialed.error().code, Errc::dns_failure);
}

TEST(DialerTest, LosersAreGivenUp) {
  const test::Saturated silent("127.0.0.2");
  auto endpoint = test::loopback("127.0.0.3", silent.endpoint.port);
  const auto listening = test::bound(endpoint, 8);
  Scene scene({"127.0.0.2", "127.0.0.3"});
  const UniqueFd before(::dup(0));
  const int next = before.get();
  {
    const auto dialed = scene.dial(endpoint.port);
    ASSERT_TRUE(dialed);
  }
  test::settle(scene.loop);
  const UniqueFd after(::dup(0));
  EXPECT_EQ(after.get(), next + 1);  // the lowest free number: nothing is left open
}

}  // namespace
}  // namespace weir
