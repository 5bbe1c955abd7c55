#include "proxy/net/splice_tunnel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "proxy/net/deadline.h"
#include "proxy/net/loop.h"
#include "proxy/net/tcp_stream.h"
#include "tests/proxy/net/loopback.h"
#include "tests/support/memory_stream.h"
#include "tests/support/run_loop.h"

namespace weir {
namespace {

using std::chrono::seconds;
using test::settle;
using test::spawn;
using Stream = std::unique_ptr<ByteStream>;

// client <-> near | tunnel | far <-> origin
struct Scene {
  explicit Scene(bool sockets) {
    std::tie(client, near) = pair(sockets);
    std::tie(far, origin) = pair(sockets);
  }
  std::pair<Stream, Stream> pair(bool sockets) {
    if (!sockets) return test::memory_pipe(loop);
    auto [first, second] = test::tcp_pair();
    return {make_tcp_stream(loop, std::move(first)), make_tcp_stream(loop, std::move(second))};
  }
  void start(std::string first = {}) {
    spawn(loop, [](Scene& own, std::string bytes) -> Co<void> {
      auto counts =
          co_await splice_tunnel(own.loop, *own.near, *own.far, std::move(bytes), seconds(60));
      EXPECT_TRUE(counts);
      own.counts = std::move(*counts);
    }(*this, std::move(first)));
    settle(loop);
  }
  // Until the loop has nothing to do and `done` holds.
  template <class Done>
  void until(Done done) {
    for (int i = 0; i < 100'000 && !done(); ++i) settle(loop);
    EXPECT_TRUE(done());
  }
  void pass(Duration by) {
    clock.advance(by);
    loop.deadlines().tick();
    settle(loop);
  }

  ManualClock clock;
  Loop loop{clock};
  Stream client, near, far, origin;
  std::optional<TunnelCounts> counts;
};

Co<void> send(ByteStream& stream, std::string text, bool end) {
  EXPECT_TRUE(co_await stream.write_all(as_bytes(text), seconds(60)));
  if (end) stream.shutdown_write();
}

// What came, then "." for an end or "!" for a break.
Co<void> receive(ByteStream& stream, std::string& into) {
  std::vector<std::uint8_t> buffer(100'000);
  for (;;) {
    auto got = co_await stream.read_some(buffer, seconds(600));
    if (!got || *got == 0) {
      into += got ? '.' : '!';
      co_return;
    }
    into += as_text(ByteView(buffer).first(*got));
  }
}

class SpliceTunnelTest : public testing::TestWithParam<bool> {
 protected:
  Scene scene{GetParam()};
  std::string at_client;
  std::string at_origin;
  void receive_both() {
    spawn(scene.loop, receive(*scene.client, at_client));
    spawn(scene.loop, receive(*scene.origin, at_origin));
  }
};

INSTANTIATE_TEST_SUITE_P(Streams, SpliceTunnelTest, testing::Bool(),
                         [](const auto& each) { return each.param ? "sockets" : "memory"; });

TEST_P(SpliceTunnelTest, CarriesBothWaysAndCounts) {
  receive_both();
  scene.start("hello ");
  spawn(scene.loop, send(*scene.client, "origin", true));
  spawn(scene.loop, send(*scene.origin, "hi client", true));
  scene.until([&] { return scene.counts.has_value(); });
  scene.until([&] { return at_client.ends_with('.') && at_origin.ends_with('.'); });
  EXPECT_EQ(at_origin, "hello origin.");
  EXPECT_EQ(at_client, "hi client.");
  EXPECT_EQ(scene.counts->a_to_b, 12U);
  EXPECT_EQ(scene.counts->b_to_a, 9U);
  EXPECT_FALSE(scene.counts->idle);
  EXPECT_FALSE(scene.counts->reset);
  EXPECT_FALSE(scene.near->is_open());
}

TEST_P(SpliceTunnelTest, HalfCloseIsPassedOnWhileTheOtherDirectionGoesOn) {
  receive_both();
  scene.start();
  spawn(scene.loop, send(*scene.client, "request", true));
  scene.until([&] { return at_origin == "request."; });
  EXPECT_FALSE(scene.counts);
  spawn(scene.loop, send(*scene.origin, "answer", false));
  scene.until([&] { return at_client == "answer"; });
  spawn(scene.loop, send(*scene.origin, " end", true));
  scene.until([&] { return scene.counts.has_value(); });
  scene.until([&] { return at_client == "answer end."; });
}

TEST_P(SpliceTunnelTest, BulkBothWaysAtOnceArrivesWhole) {
  std::string large(16 << 20, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 131 >> 4);
  receive_both();
  scene.start("first");
  spawn(scene.loop, send(*scene.client, large, true));
  spawn(scene.loop, send(*scene.origin, large, true));
  scene.until([&] { return scene.counts.has_value(); });
  scene.until([&] { return at_client.ends_with('.') && at_client.size() > large.size(); });
  scene.until([&] { return at_origin.size() > large.size() + 5; });
  EXPECT_TRUE(at_client == large + ".");
  EXPECT_TRUE(at_origin == "first" + large + ".");
  EXPECT_EQ(scene.counts->a_to_b, large.size() + 5);
  EXPECT_EQ(scene.counts->b_to_a, large.size());
}

TEST_P(SpliceTunnelTest, ResetIsPassedOnAsAReset) {
  receive_both();
  scene.start();
  spawn(scene.loop, send(*scene.origin, "part", false));
  scene.until([&] { return at_client == "part"; });
  scene.origin->close(true);
  scene.until([&] { return scene.counts.has_value(); });
  scene.until([&] { return at_client == "part!"; });
  EXPECT_TRUE(scene.counts->reset);
  EXPECT_EQ(scene.counts->broken.code, Errc::truncated);
}

TEST_P(SpliceTunnelTest, EndsWhenNothingMoves) {
  receive_both();
  scene.start();
  scene.pass(seconds(50));
  spawn(scene.loop, send(*scene.client, "still here", false));
  scene.until([&] { return at_origin == "still here"; });
  scene.pass(seconds(50));  // the silent direction is kept by the other one
  EXPECT_FALSE(scene.counts);
  scene.pass(seconds(11));
  scene.until([&] { return scene.counts.has_value(); });
  EXPECT_TRUE(scene.counts->idle);
  scene.until([&] { return at_client == "!" && at_origin == "still here!"; });
}

TEST_P(SpliceTunnelTest, EndsWhenItsOwnerClosesOneSide) {
  receive_both();
  scene.start();
  scene.near->close(true);
  scene.until([&] { return scene.counts.has_value(); });
  EXPECT_FALSE(scene.far->is_open());
}

std::ptrdiff_t open_pipe_ends() {
  return std::ranges::count_if(
      std::filesystem::directory_iterator("/proc/self/fd"), [](auto& each) {
        std::error_code gone;
        return std::filesystem::read_symlink(each, gone).string().starts_with("pipe:");
      });
}

TEST(SpliceTunnelPipesTest, AreGivenBackWhenTheFlowPauses) {
  Scene scene(true);
  const auto before = open_pipe_ends();
  std::string at_client;
  spawn(scene.loop, receive(*scene.client, at_client));
  scene.start();
  EXPECT_EQ(open_pipe_ends(), before);
  const std::string large(8 << 20, 'x');
  spawn(scene.loop, send(*scene.origin, large, false));
  scene.until([&] { return at_client.size() == large.size(); });
  EXPECT_EQ(open_pipe_ends(), before + 2) << "bulk should flow through a pipe";
  scene.pass(seconds(2));
  EXPECT_EQ(open_pipe_ends(), before);
  EXPECT_FALSE(scene.counts);
}

}  // namespace
}  // namespace weir
