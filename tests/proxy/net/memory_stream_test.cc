#include "tests/support/memory_stream.h"

#include <gtest/gtest.h>

#include <string>

#include "proxy/net/deadline.h"
#include "tests/support/run_loop.h"

namespace weir {
namespace {

using std::chrono::seconds;
using test::memory_pipe;
using test::run;
using test::settle;
using test::spawn;

Co<std::string> read_to_end(ByteStream& stream) {
  std::string all;
  std::array<std::uint8_t, 4096> buffer;
  for (;;) {
    auto got = co_await stream.read_some(buffer, seconds(1));
    if (!got) co_return all + "!" + std::string(errc_name(got.error().code));
    if (*got == 0) co_return all + ".";
    all += as_text(ByteView(buffer).first(*got));
  }
}

Co<void> write_and_end(ByteStream& stream, std::string text) {
  if (co_await stream.write_all(as_bytes(text), seconds(1))) stream.shutdown_write();
}

struct Case {
  const char* name;
  test::Gate gate;
  const char* want;
};

TEST(MemoryStreamTest, GatesDoWhatTheirNamesSay) {
  const Case cases[] = {
      {"none", {}, "0123456789."},
      {"rechunk", {.rechunk = 3}, "0123456789."},
      {"closed after", {.close_after = 4}, "0123."},
      {"reset after", {.close_after = 4, .abrupt = true}, "0123!truncated"},
      {"reset at once", {.close_after = 0, .abrupt = true}, "!truncated"},
  };
  for (const Case& each : cases) {
    ManualClock clock;
    Loop loop(clock);
    auto [a, b] = memory_pipe(loop, {.capacity = 4, .forward = each.gate});
    spawn(loop, write_and_end(*a, "0123456789"));
    EXPECT_EQ(run(loop, read_to_end(*b)), each.want) << each.name;
    a->close(true);
    settle(loop);
  }
}

TEST(MemoryStreamTest, BlackholeTakesUntilFullAndDeliversNothing) {
  ManualClock clock;
  Loop loop(clock);
  auto [a, b] = memory_pipe(loop, {.capacity = 4, .forward = {.blackhole = true}});
  EXPECT_EQ(a->try_write(as_bytes("0123456789"))->bytes, 4U);
  EXPECT_EQ(a->try_write(as_bytes("456789"))->wait, Wait::writable);
  std::array<std::uint8_t, 8> buffer;
  EXPECT_EQ(b->try_read(buffer)->wait, Wait::readable);
}

TEST(MemoryStreamTest, AbruptCloseIsTruncationAndOrderlyCloseIsAnEnd) {
  for (const bool abrupt : {false, true}) {
    ManualClock clock;
    Loop loop(clock);
    auto [a, b] = memory_pipe(loop);
    EXPECT_FALSE(b->peer_gone());
    EXPECT_EQ(a->try_write(as_bytes("ab"))->bytes, 2U);
    a->close(abrupt);
    EXPECT_TRUE(b->peer_gone());
    EXPECT_EQ(run(loop, read_to_end(*b)), abrupt ? "ab!truncated" : "ab.");
    EXPECT_FALSE(b->try_write(as_bytes("x")));
  }
}

TEST(MemoryStreamTest, CloseWakesTheWaiterEvenWhenTheStreamGoesAtOnce) {
  ManualClock clock;
  Loop loop(clock);
  auto [a, b] = memory_pipe(loop);
  std::string told;
  spawn(loop, [](ByteStream& stream, std::string& into) -> Co<void> {
    auto woken = co_await stream.wait(Wait::readable, seconds(1));
    into = woken ? "ready" : errc_name(woken.error().code);
  }(*b, told));
  settle(loop);
  b->close(true);
  b.reset();
  settle(loop);
  EXPECT_EQ(told, "cancelled");
}

TEST(MemoryStreamTest, WaitTimesOut) {
  ManualClock clock;
  Loop loop(clock);
  auto [a, b] = memory_pipe(loop);
  std::string told;
  spawn(loop, [](ByteStream& stream, std::string& into) -> Co<void> {
    into = co_await read_to_end(stream);
  }(*b, told));
  settle(loop);
  clock.advance(seconds(2));
  loop.deadlines().tick();
  settle(loop);
  EXPECT_EQ(told, "!timeout");
}

}  // namespace
}  // namespace weir
