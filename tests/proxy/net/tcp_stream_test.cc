#include "proxy/net/tcp_stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "proxy/net/deadline.h"
#include "proxy/net/loop.h"
#include "tests/proxy/net/loopback.h"
#include "tests/support/run_loop.h"

namespace weir {
namespace {

using std::chrono::seconds;
using test::run;
using test::settle;
using test::spawn;

struct Pair {
  Pair() {
    auto [first, second] = test::tcp_pair();
    a = make_tcp_stream(loop, std::move(first));
    b = make_tcp_stream(loop, std::move(second));
  }
  void pass(Duration by) {
    clock.advance(by);
    loop.deadlines().tick();
    settle(loop);
  }
  ManualClock clock;
  Loop loop{clock};
  std::unique_ptr<ByteStream> a;
  std::unique_ptr<ByteStream> b;
};

std::string told(const Result<void>& result) {
  return result ? "ready" : std::string(errc_name(result.error().code));
}

Co<void> wait_and_tell(ByteStream& stream, Wait what, Duration limit, std::string& into) {
  into = told(co_await stream.wait(what, limit));
}

Co<std::string> read_to_end(ByteStream& stream) {
  std::string all;
  std::array<std::uint8_t, 16384> buffer;
  for (;;) {
    auto got = co_await stream.read_some(buffer, seconds(1));
    if (!got) co_return all + "!" + std::string(errc_name(got.error().code));
    if (*got == 0) co_return all;
    all += as_text(ByteView(buffer).first(*got));
  }
}

Co<void> write_and_end(ByteStream& stream, std::string text) {
  EXPECT_TRUE(co_await stream.write_all(as_bytes(text), seconds(1)));
  stream.shutdown_write();
}

void fill(ByteStream& stream) {
  const std::string block(65536, 'x');
  while (stream.try_write(as_bytes(block))->bytes > 0) {
  }
}

TEST(TcpStreamTest, CarriesMoreThanTheKernelHoldsInBothDirectionsAtOnce) {
  Pair pair;
  std::string large(8 << 20, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 >> 3);
  std::string at_a;
  spawn(pair.loop, write_and_end(*pair.a, large));
  spawn(pair.loop, write_and_end(*pair.b, large));
  spawn(pair.loop, [](ByteStream& stream, std::string& into) -> Co<void> {
    into = co_await read_to_end(stream);
  }(*pair.a, at_a));
  const std::string at_b = run(pair.loop, read_to_end(*pair.b));
  while (at_a.empty()) settle(pair.loop);
  EXPECT_TRUE(at_a == large);
  EXPECT_TRUE(at_b == large);
}

TEST(TcpStreamTest, KnowsItsEndpointsAlsoAfterClose) {
  Pair pair;
  const Endpoint peer = pair.a->peer();
  EXPECT_EQ(peer, pair.b->local());
  EXPECT_EQ(peer.address.text(), "127.0.0.1");
  EXPECT_GE(pair.a->native_fd(), 0);
  pair.a->close(false);
  EXPECT_EQ(pair.a->peer(), peer);
  EXPECT_EQ(pair.a->native_fd(), -1);
  EXPECT_FALSE(pair.a->is_open());
}

TEST(TcpStreamTest, OrderlyCloseIsAnEndAndAbruptCloseIsTruncation) {
  for (const bool abrupt : {false, true}) {
    Pair pair;
    EXPECT_FALSE(pair.b->peer_gone());
    EXPECT_EQ(pair.a->try_write(as_bytes("last words"))->bytes, 10U);
    pair.a->close(abrupt);
    EXPECT_TRUE(pair.b->peer_gone());
    const std::string got = run(pair.loop, read_to_end(*pair.b));
    if (abrupt) {
      EXPECT_TRUE(got.ends_with("!truncated")) << got;
    } else {
      EXPECT_EQ(got, "last words");
    }
  }
}

TEST(TcpStreamTest, ErrorsNamePeerAndSide) {
  Pair pair;
  pair.a->close(true);
  std::array<std::uint8_t, 8> buffer;
  const auto got = pair.b->try_read(buffer);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault, Fault::client);
  EXPECT_NE(got.error().what.find("receive from 127.0.0.1:"), std::string::npos);
}

TEST(TcpStreamTest, WaitTimesOutAndTheStreamGoesOn) {
  Pair pair;
  std::string reader;
  spawn(pair.loop, wait_and_tell(*pair.a, Wait::readable, seconds(5), reader));
  settle(pair.loop);
  pair.pass(seconds(4));
  EXPECT_EQ(reader, "");
  pair.pass(seconds(2));
  EXPECT_EQ(reader, "timeout");
  EXPECT_EQ(pair.loop.deadlines().armed(), 0U);
  EXPECT_EQ(pair.b->try_write(as_bytes("x"))->bytes, 1U);
  reader.clear();
  spawn(pair.loop, wait_and_tell(*pair.a, Wait::readable, seconds(5), reader));
  settle(pair.loop);
  EXPECT_EQ(reader, "ready");
}

TEST(TcpStreamTest, TimeoutOfOneDirectionLeavesTheOtherWaiting) {
  Pair pair;
  fill(*pair.a);
  std::string reader;
  std::string writer;
  spawn(pair.loop, wait_and_tell(*pair.a, Wait::readable, seconds(5), reader));
  spawn(pair.loop, wait_and_tell(*pair.a, Wait::writable, seconds(50), writer));
  settle(pair.loop);
  pair.pass(seconds(6));
  EXPECT_EQ(reader, "timeout");
  EXPECT_EQ(writer, "");
  pair.pass(seconds(50));
  EXPECT_EQ(writer, "timeout");
}

TEST(TcpStreamTest, WritableOnceThePeerReads) {
  Pair pair;
  fill(*pair.a);
  std::string writer;
  spawn(pair.loop, wait_and_tell(*pair.a, Wait::writable, seconds(5), writer));
  settle(pair.loop);
  EXPECT_EQ(writer, "");
  std::vector<std::uint8_t> sink(1 << 20);
  for (int i = 0; i < 1000 && writer.empty(); ++i) {
    (void)pair.b->try_read(sink);
    settle(pair.loop);
  }
  EXPECT_EQ(writer, "ready");
}

TEST(TcpStreamTest, CloseWakesBothWaitersEvenWhenTheStreamGoesAtOnce) {
  Pair pair;
  fill(*pair.a);
  std::string reader;
  std::string writer;
  spawn(pair.loop, wait_and_tell(*pair.a, Wait::readable, seconds(5), reader));
  spawn(pair.loop, wait_and_tell(*pair.a, Wait::writable, seconds(5), writer));
  settle(pair.loop);
  pair.a->close(true);
  pair.a.reset();
  settle(pair.loop);
  EXPECT_EQ(reader, "cancelled");
  EXPECT_EQ(writer, "cancelled");
  EXPECT_EQ(pair.loop.deadlines().armed(), 0U);
}

TEST(TcpStreamTest, EverythingAfterCloseIsCancelled) {
  Pair pair;
  pair.a->close(false);
  pair.a->close(true);
  std::array<std::uint8_t, 8> buffer;
  EXPECT_EQ(pair.a->try_read(buffer).error().code, Errc::cancelled);
  EXPECT_EQ(pair.a->try_write(as_bytes("x")).error().code, Errc::cancelled);
  EXPECT_EQ(told(run(pair.loop, pair.a->wait(Wait::readable, seconds(1)))), "cancelled");
  pair.a->shutdown_write();
}

TEST(TcpStreamTest, DataThatCameBeforeTheWaitEndsIt) {
  Pair pair;
  EXPECT_EQ(pair.b->try_write(as_bytes("abcdef"))->bytes, 6U);
  std::array<std::uint8_t, 3> part;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(told(run(pair.loop, pair.a->wait(Wait::readable, seconds(1)))), "ready");
    EXPECT_EQ(pair.a->try_read(part)->bytes, 3U);
  }
}

}  // namespace
}  // namespace weir
