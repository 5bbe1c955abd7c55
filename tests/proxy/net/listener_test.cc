#include "proxy/net/listener.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "proxy/net/deadline.h"
#include "proxy/net/loop.h"
#include "tests/proxy/net/loopback.h"
#include "tests/support/run_loop.h"

namespace weir {
namespace {

using Share = Listener::Share;
using std::chrono::seconds;
using test::settle;

struct Scene {
  std::unique_ptr<Listener> bind(std::vector<Endpoint> endpoints, Share share = Share::first) {
    auto listener = Listener::bind(loop, std::move(endpoints), 256, share);
    EXPECT_TRUE(listener) << listener.error().what;
    return std::move(*listener);
  }
  void start(Listener& listener) {
    listener.start(
        [this](UniqueFd fd, Endpoint peer) {
          accepted.push_back(std::move(fd));
          peers.push_back(peer);
        },
        [this](const Error& error) { troubles.push_back(error.what); });
  }
  ManualClock clock;
  Loop loop{clock};
  std::vector<UniqueFd> accepted;
  std::vector<Endpoint> peers;
  std::vector<std::string> troubles;
};

TEST(ListenerTest, TellsItsPortAndWhoCame) {
  Scene scene;
  auto listener = scene.bind({test::loopback("127.0.0.1"), test::loopback("::1")});
  ASSERT_EQ(listener->endpoints().size(), 2U);
  scene.start(*listener);
  std::vector<Endpoint> callers;
  std::vector<UniqueFd> open;
  for (const Endpoint& endpoint : listener->endpoints()) {
    EXPECT_NE(endpoint.port, 0);
    open.push_back(test::connecting(endpoint));
    callers.push_back(local_of(open.back().get()));
    settle(scene.loop);
  }
  EXPECT_EQ(scene.peers, callers);
}

TEST(ListenerTest, TakesMoreThanOneBurst) {
  Scene scene;
  auto listener = scene.bind({test::loopback("127.0.0.1")});
  std::vector<UniqueFd> open;
  for (int i = 0; i < 200; ++i) open.push_back(test::connecting(listener->endpoints()[0]));
  scene.start(*listener);
  settle(scene.loop);
  EXPECT_EQ(scene.accepted.size(), 200U);
}

TEST(ListenerTest, PortInUseIsNamed) {
  Scene scene;
  auto endpoint = test::loopback("127.0.0.1");
  const auto taken = test::bound(endpoint, 1);
  for (const Share share : {Share::first, Share::joined}) {
    const auto listener = Listener::bind(scene.loop, {endpoint}, 16, share);
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error().code, Errc::refused);
    EXPECT_EQ(listener.error().what,
              "listen on " + endpoint.text() + ": the port is in use by another program");
  }
}

TEST(ListenerTest, FurtherLoopsShareThePortButASecondGatewayDoesNot) {
  Scene first;
  Scene second;
  auto listener = first.bind({test::loopback("127.0.0.1")});
  auto joined = second.bind(listener->endpoints(), Share::joined);
  EXPECT_EQ(joined->endpoints(), listener->endpoints());
  const auto stranger = Listener::bind(second.loop, listener->endpoints(), 16, Share::first);
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().code, Errc::refused);
  first.start(*listener);
  second.start(*joined);
  std::vector<UniqueFd> open;
  for (int i = 0; i < 64; ++i) open.push_back(test::connecting(listener->endpoints()[0]));
  settle(first.loop);
  settle(second.loop);
  EXPECT_EQ(first.accepted.size() + second.accepted.size(), 64U);
  EXPECT_FALSE(first.accepted.empty());
  EXPECT_FALSE(second.accepted.empty());
}

TEST(ListenerTest, AddressThatIsNotOursIsNamed) {
  Scene scene;
  const auto listener =
      Listener::bind(scene.loop, {test::loopback("192.0.2.1", 8080)}, 16, Share::first);
  ASSERT_FALSE(listener);
  EXPECT_TRUE(listener.error().what.starts_with("listen on 192.0.2.1:8080: bind: "));
}

TEST(ListenerTest, StopTakesWhoIsQueuedThenCloses) {
  Scene scene;
  auto listener = scene.bind({test::loopback("127.0.0.1")});
  scene.start(*listener);
  settle(scene.loop);
  const auto open = test::connecting(listener->endpoints()[0]);
  listener->stop();
  EXPECT_EQ(scene.accepted.size(), 1U);
  settle(scene.loop);
  const auto late = test::connecting(listener->endpoints()[0]);
  listener.reset();
  settle(scene.loop);
  EXPECT_EQ(scene.accepted.size(), 1U);
}

TEST(ListenerTest, MayGoInsideItsOwnCallback) {
  Scene scene;
  auto listener = scene.bind({test::loopback("127.0.0.1")});
  int accepted = 0;
  listener->start([&](UniqueFd, Endpoint) {
    ++accepted;
    listener->stop();
  });
  settle(scene.loop);
  std::vector<UniqueFd> open;
  for (int i = 0; i < 3; ++i) open.push_back(test::connecting(listener->endpoints()[0]));
  settle(scene.loop);
  EXPECT_EQ(accepted, 3);
}

// The process runs out of descriptors: accepting pauses, says so, and goes on when there are some.
TEST(ListenerTest, PausesWithoutDescriptors) {
  Scene scene;
  auto listener = scene.bind({test::loopback("127.0.0.1")});
  const auto open = test::connecting(listener->endpoints()[0]);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  {
    const UniqueFd next(::dup(0));
    const rlimit none{.rlim_cur = static_cast<rlim_t>(next.get()), .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  scene.start(*listener);
  settle(scene.loop);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(scene.accepted.empty());
  ASSERT_EQ(scene.troubles.size(), 1U);
  EXPECT_EQ(scene.troubles[0], "accept: Too many open files");
  settle(scene.loop);
  EXPECT_TRUE(scene.accepted.empty());
  scene.clock.advance(seconds(1));
  scene.loop.deadlines().tick();
  settle(scene.loop);
  EXPECT_EQ(scene.accepted.size(), 1U);
}

}  // namespace
}  // namespace weir
