#include "core/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

#include "core/fd.h"

namespace weir {
namespace {

struct Pipe {
  UniqueFd read, write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string drain(const UniqueFd& fd) {
  std::string all;
  std::array<char, 65536> chunk{};
  for (ssize_t got; (got = ::read(fd.get(), chunk.data(), chunk.size())) > 0;) {
    all.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return all;
}

TEST(Log, WritesOneLineWithTimeAndFields) {
  const Pipe pipe = make_pipe();
  const ManualClock clock;
  Log log(pipe.write.get(), LogLevel::info, clock);
  log.warn("tls", "no kernel support", {{"host", "a.test"}, {"why", "two words"}, {"empty", ""}});
  EXPECT_EQ(drain(pipe.read),
            "2027-01-15T08:00:00.000Z warning tls: no kernel support host=a.test "
            "why=\"two words\" empty=\"\"\n");
}

TEST(Log, RemoteTextCannotForgeALineOrDriveATerminal) {
  const Pipe pipe = make_pipe();
  const ManualClock clock;
  Log log(pipe.write.get(), LogLevel::debug, clock);
  log.debug("a", "b\nc", {{"k", "x\"\r\n\x1b[31m\xc2\x9b"}});
  EXPECT_EQ(drain(pipe.read),
            "2027-01-15T08:00:00.000Z debug a: b\\nc k=\"x\\\"\\r\\n\\x1b[31m\\xc2\\x9b\"\n");
}

TEST(Log, KeepsQuietBelowItsLevel) {
  const Pipe pipe = make_pipe();
  const ManualClock clock;
  Log log(pipe.write.get(), LogLevel::warning, clock);
  log.info("a", "b");
  EXPECT_EQ(drain(pipe.read), "");
  log.set_least(LogLevel::info);
  log.info("a", "b");
  EXPECT_NE(drain(pipe.read), "");
}

TEST(Log, NeverWaitsForAReaderAndSaysWhatWasLost) {
  const Pipe pipe = make_pipe();
  const ManualClock clock;
  Log log(pipe.write.get(), LogLevel::info, clock);
  const std::string big(2000, 'x');
  for (int i = 0; i < 200; ++i) log.info("a", big);  // more than a pipe holds
  EXPECT_GT(log.lost(), 0u);
  const std::string before = drain(pipe.read);
  EXPECT_TRUE(before.ends_with('\n'));  // whole lines only
  log.info("a", "next");
  EXPECT_NE(drain(pipe.read).find("next log_lines_lost=" + std::to_string(log.lost())),
            std::string::npos);
}

TEST(Log, CutsALineThatIsTooLong) {
  const Pipe pipe = make_pipe();
  const ManualClock clock;
  Log log(pipe.write.get(), LogLevel::info, clock);
  const std::string big(1000, '\x01');
  log.info("a", "b", {{"k", big}, {"l", big}});
  const std::string line = drain(pipe.read);
  EXPECT_EQ(line.size(), 4096u);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(Log, LinesOfManyThreadsStayWhole) {
  const Pipe pipe = make_pipe();
  const ManualClock clock;
  Log log(pipe.write.get(), LogLevel::info, clock);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) log.info("area", "message");
    });
  }
  threads.clear();
  const std::string line = "2027-01-15T08:00:00.000Z info area: message\n";
  std::string want;
  for (int i = 0; i < 200; ++i) want += line;
  EXPECT_EQ(drain(pipe.read), want);
}

TEST(LogLevel, NamesRoundTrip) {
  for (const std::string_view name : {"debug", "info", "warning", "error"}) {
    ASSERT_TRUE(log_level_from_name(name));
    EXPECT_EQ(log_level_name(*log_level_from_name(name)), name);
  }
  EXPECT_FALSE(log_level_from_name("warn"));
}

TEST(IsoTime, HandlesFractionsAndBeforeTheEpoch) {
  using namespace std::chrono;
  EXPECT_EQ(iso_time(WallTime(milliseconds(1))), "1970-01-01T00:00:00.001Z");
  EXPECT_EQ(iso_time(WallTime(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace weir
