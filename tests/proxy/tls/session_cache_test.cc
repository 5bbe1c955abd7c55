#include "proxy/tls/session_cache.h"

#include <gtest/gtest.h>

#include "proxy/tls/fetch_cache.h"

namespace weir {
namespace {

const WallTime kNow{std::chrono::seconds(1'800'000'000)};
const WallTime kLater = kNow + std::chrono::hours(1);

KnownSession session(int version, char id, WallTime until = kLater) {
  KnownSession out{SessionPtr(SSL_SESSION_new()), {std::make_shared<OriginCertificate>(), until}};
  SSL_SESSION_set_protocol_version(out.session.get(), version);
  const std::string name(32, id);
  SSL_SESSION_set1_id(out.session.get(), as_bytes(name).data(), 32);
  return out;
}

char id_of(const std::optional<KnownSession>& known) {
  if (!known) return '-';
  unsigned size = 0;
  return static_cast<char>(SSL_SESSION_get_id(known->session.get(), &size)[0]);
}

TEST(SessionCache, Tls13TicketsAreSpentNewestFirst) {
  SessionCache cache(8);
  for (const char id : {'a', 'b', 'c', 'd', 'e'}) cache.put("k", session(TLS1_3_VERSION, id));
  std::string order;
  for (int i = 0; i < 5; ++i) order += id_of(cache.take("k", kNow));
  EXPECT_EQ(order, "edcb-") << "four at most, each once";
  EXPECT_EQ(cache.size(), 0U);
}

TEST(SessionCache, Tls12SessionsAreUsedAgain) {
  SessionCache cache(8);
  cache.put("k", session(TLS1_2_VERSION, 'a'));
  EXPECT_EQ(id_of(cache.take("k", kNow)), 'a');
  EXPECT_EQ(id_of(cache.take("k", kNow)), 'a');
}

TEST(SessionCache, ForgetsTheOldAndTheUnused) {
  SessionCache cache(2);
  cache.put("old", session(TLS1_2_VERSION, 'o', kNow));
  EXPECT_EQ(id_of(cache.take("old", kNow)), '-');
  for (const char* key : {"one", "two"}) cache.put(key, session(TLS1_2_VERSION, key[0]));
  cache.take("one", kNow);
  cache.put("three", session(TLS1_2_VERSION, '3'));
  EXPECT_EQ(id_of(cache.take("two", kNow)), '-');
  EXPECT_EQ(id_of(cache.take("one", kNow)), 'o');
  cache.erase("one");
  EXPECT_EQ(id_of(cache.take("one", kNow)), '-');
}

TEST(FetchCache, KeepsForATimeAndWithinItsBound) {
  FetchCache cache(2);
  EXPECT_EQ(cache.find("a", kNow), nullptr);
  cache.put("a", "body", kLater);
  ASSERT_NE(cache.find("a", kNow), nullptr);
  EXPECT_EQ(*cache.find("a", kNow), "body");
  EXPECT_EQ(cache.find("a", kLater), nullptr);
  for (const char* key : {"a", "b", "c"}) cache.put(key, key, kLater);
  cache.put("b", "again", kLater);
  EXPECT_EQ(cache.find("a", kNow), nullptr);
  EXPECT_EQ(*cache.find("b", kNow), "again");
  EXPECT_EQ(*cache.find("c", kNow), "c");
}

}  // namespace
}  // namespace weir
