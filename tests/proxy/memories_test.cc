// The small bounded memories of the gateway: blocked objects, pinned hosts, connection counts.
#include <gtest/gtest.h>

#include "proxy/blocked_memory.h"
#include "proxy/client_limits.h"
#include "proxy/pinning.h"

namespace weir {
namespace {

TEST(BlockedMemory, RemembersExpiresAndForgets) {
  ManualClock clock;
  BlockedMemory memory(clock);
  memory.remember("https://a/x", {.verdict = Verdict::malicious, .threat = "Eicar"});
  ASSERT_TRUE(memory.find("https://a/x").has_value());
  EXPECT_EQ(memory.find("https://a/x")->threat, "Eicar");
  EXPECT_FALSE(memory.find("https://a/y").has_value());
  clock.advance(BlockedMemory::kLifetime + std::chrono::seconds(1));
  EXPECT_FALSE(memory.find("https://a/x").has_value());
  memory.remember("https://a/x", {});
  memory.forget("https://a/x");
  EXPECT_FALSE(memory.find("https://a/x").has_value());
  memory.forget("https://a/x");
}

TEST(BlockedMemory, IsBoundedAndDropsTheOldest) {
  ManualClock clock;
  BlockedMemory memory(clock);
  for (std::size_t i = 0; i <= BlockedMemory::kEntries; ++i) {
    memory.remember("u" + std::to_string(i), {});
  }
  EXPECT_FALSE(memory.find("u0").has_value());
  EXPECT_TRUE(memory.find("u1").has_value());
  memory.remember("u1", {});  // again: now the newest
  memory.remember("more", {});
  EXPECT_TRUE(memory.find("u1").has_value());
  EXPECT_FALSE(memory.find("u2").has_value());
}

TEST(Pinning, CountsHostsAndClientsWithinBounds) {
  PinningMemory memory;
  const WallTime start{std::chrono::seconds(1)};
  for (int i = 0; i < 40; ++i) {
    memory.note("app.test", *IpAddress::parse("10.0.0." + std::to_string(i)), start);
  }
  memory.note("other.test", *IpAddress::parse("10.0.0.1"), start);
  const auto list = memory.list();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].host, "app.test");
  EXPECT_EQ(list[0].refusals, 40U);
  EXPECT_EQ(list[0].clients.size(), PinningMemory::kClientsPerHost);
  EXPECT_NE(memory.json().find("\"app.test\""), std::string::npos);
}

TEST(Pinning, DropsTheOldestHost) {
  PinningMemory memory;
  for (std::size_t i = 0; i <= PinningMemory::kHosts; ++i) {
    memory.note("h" + std::to_string(i), {}, WallTime{std::chrono::seconds(i)});
  }
  const auto list = memory.list();
  EXPECT_EQ(list.size(), PinningMemory::kHosts);
  for (const PinnedHost& host : list) EXPECT_NE(host.host, "h0");
}

TEST(ClientLimits, InTotalAndByClient) {
  LimitSettings settings;
  settings.connections = 3;
  settings.connections_per_client = 2;
  ClientLimits limits(settings);
  const IpAddress a = *IpAddress::parse("192.0.2.1");
  const IpAddress b = *IpAddress::parse("192.0.2.2");
  auto a1 = limits.take(a);
  auto a2 = limits.take(a);
  ASSERT_TRUE(a1 && a2);
  EXPECT_FALSE(limits.take(a).has_value());
  auto b1 = limits.take(b);
  ASSERT_TRUE(b1);
  EXPECT_FALSE(limits.take(b).has_value());
  a1.reset();
  EXPECT_EQ(limits.total(), 2U);
  EXPECT_TRUE(limits.take(b).has_value());
}

}  // namespace
}  // namespace weir
