#include "proxy/joined_fetch.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "proxy/net/deadline.h"
#include "proxy/net/loop.h"
#include "proxy/net/signal.h"
#include "tests/support/run_loop.h"

namespace weir {
namespace {

using test::keep_result;
using test::settle;
using test::spawn;

// A server that answers when it is told to.
struct Scene {
  ManualClock clock;
  Loop loop{clock};
  Signal answer{loop};
  std::vector<std::string> asked;
  Result<std::string> says = std::string("body");
  JoinedFetch fetches{loop, [this](FetchOrder order) { return serve(std::move(order)); }};

  Co<Result<std::string>> serve(FetchOrder order) {
    asked.push_back(order.url + order.post_body);
    (void)co_await answer.wait(order.limit);
    co_return says;
  }
  void ask(const std::string& url, std::optional<Result<std::string>>* into,
           const std::string& body = "", Duration limit = std::chrono::hours(1)) {
    spawn(loop, keep_result(fetches.get({url, body, "", 100, limit}), into));
    settle(loop);
  }
};

TEST(JoinedFetchTest, TheSameThingIsFetchedOnceForAllWhoWantIt) {
  Scene scene;
  std::optional<Result<std::string>> got[3];
  for (auto& each : got) scene.ask("http://a/", &each);
  EXPECT_EQ(scene.asked.size(), 1U);
  scene.answer.notify();
  settle(scene.loop);
  for (const auto& each : got) {
    ASSERT_TRUE(each);
    ASSERT_TRUE(*each);
    EXPECT_EQ(**each, "body");
  }
}

TEST(JoinedFetchTest, AnotherAddressOrBodyIsAnotherFetch) {
  Scene scene;
  std::optional<Result<std::string>> got[3];
  scene.ask("http://a/", &got[0], "x");
  scene.ask("http://a/", &got[1], "y");
  scene.ask("http://b/", &got[2], "x");
  EXPECT_EQ(scene.asked, (std::vector<std::string>{"http://a/x", "http://a/y", "http://b/x"}));
}

TEST(JoinedFetchTest, AFailureIsForAllAndIsNotKept) {
  Scene scene;
  scene.says = fail(Errc::refused, Fault::origin, "no");
  std::optional<Result<std::string>> got[3];
  scene.ask("http://a/", &got[0]);
  scene.ask("http://a/", &got[1]);
  scene.answer.notify();
  settle(scene.loop);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(got[i]);
    EXPECT_EQ(got[i]->error().code, Errc::refused);
  }
  scene.ask("http://a/", &got[2]);
  EXPECT_EQ(scene.asked.size(), 2U);
}

TEST(JoinedFetchTest, WhoJoinsWaitsNoLongerThanItMay) {
  Scene scene;
  std::optional<Result<std::string>> got[2];
  scene.ask("http://a/", &got[0]);
  scene.ask("http://a/", &got[1], "", std::chrono::seconds(2));
  scene.clock.advance(std::chrono::seconds(3));
  scene.loop.deadlines().tick();
  settle(scene.loop);
  EXPECT_FALSE(got[0]);
  ASSERT_TRUE(got[1]);
  EXPECT_EQ(got[1]->error().code, Errc::timeout);
  scene.answer.notify();
  settle(scene.loop);
  ASSERT_TRUE(got[0]);
  EXPECT_TRUE(*got[0]);
}

}  // namespace
}  // namespace weir
