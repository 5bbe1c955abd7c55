#include "proxy/events/event_forwarder.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/log.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

// What a collector got, and how it behaves. Outlives the forwarders.
struct Collector {
  std::mutex mutex;
  std::condition_variable changed;
  std::string got;
  int failures = 0;        // of the next writes
  bool away = false;       // all of them
  bool drop_next = false;  // takes the next write, and dies before it reads it
  Fate fate = Fate::arrived;

  bool wait_for(const std::string& text) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20),
                            [&] { return got.find(text) != got.npos; });
  }
};

class ToCollector final : public EventOutput {
 public:
  explicit ToCollector(Collector& to) : to_(to) {}
  Result<void> write(std::string_view lines) override {
    const std::lock_guard lock(to_.mutex);
    to_.fate = Fate::arrived;
    if (to_.away || to_.failures-- > 0) return fail(Errc::refused, Fault::local, "away");
    if (std::exchange(to_.drop_next, false)) {
      to_.fate = Fate::lost;
      return {};
    }
    to_.got += lines;
    to_.changed.notify_all();
    return {};
  }
  Fate fate() override {
    const std::lock_guard lock(to_.mutex);
    return std::exchange(to_.fate, Fate::arrived);
  }

 private:
  Collector& to_;
};

class EventForwarderTest : public testing::Test {
 protected:
  EventForwarderTest() {
    char name[] = "/tmp/weir-forward-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~EventForwarderTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<EventForwarder> start(std::uint64_t most = 1U << 30) {
    auto spool = EventSpool::open(folder_, most);
    EXPECT_TRUE(spool);
    return std::make_unique<EventForwarder>(
        std::move(*spool), std::make_unique<ToCollector>(collector_), metrics_, log_, clock_,
        EventForwarder::Timing{milliseconds(1), milliseconds(4), milliseconds(1),
                               milliseconds(2000)});
  }
  std::uint64_t failures() {
    return metrics_.counter("weir_events_send_failures_total", "").value();
  }

  std::string folder_;
  SystemClock clock_;
  UniqueFd nowhere_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  Log log_{nowhere_.get(), LogLevel::error, clock_};
  Metrics metrics_;
  Collector collector_;
};

TEST_F(EventForwarderTest, SendsInOrder) {
  auto forwarder = start();
  for (const char* line : {"one\n", "two\n", "three\n"}) ASSERT_TRUE(forwarder->write(line));
  EXPECT_TRUE(collector_.wait_for("three\n"));
  forwarder.reset();
  EXPECT_EQ(collector_.got, "one\ntwo\nthree\n");
  EXPECT_EQ(failures(), 0U);
  EXPECT_EQ(metrics_.counter("weir_events_sent_total", "").value(), 3U);
}

TEST_F(EventForwarderTest, TriesAgainUntilTheServerIsBack) {
  collector_.failures = 5;
  auto forwarder = start();
  ASSERT_TRUE(forwarder->write("one\n"));
  EXPECT_TRUE(collector_.wait_for("one\n"));
  forwarder.reset();
  EXPECT_EQ(collector_.got, "one\n");
  EXPECT_EQ(failures(), 5U);
}

TEST_F(EventForwarderTest, SendsAgainWhatADyingServerTook) {
  collector_.drop_next = true;
  auto forwarder = start();
  ASSERT_TRUE(forwarder->write("one\n"));
  EXPECT_TRUE(collector_.wait_for("one\n"));
}

TEST_F(EventForwarderTest, WhatCouldNotBeSentIsSentByTheNextProcess) {
  collector_.away = true;
  {
    auto forwarder = start();
    ASSERT_TRUE(forwarder->write("one\ntwo\n"));
  }
  EXPECT_EQ(collector_.got, "");
  collector_.away = false;
  auto forwarder = start();
  EXPECT_TRUE(collector_.wait_for("one\ntwo\n"));
}

TEST_F(EventForwarderTest, WhatArrivedIsNotSentByTheNextProcess) {
  {
    auto forwarder = start();
    ASSERT_TRUE(forwarder->write("one\n"));
  }
  auto forwarder = start();
  ASSERT_TRUE(forwarder->write("two\n"));
  EXPECT_TRUE(collector_.wait_for("two\n"));
  EXPECT_EQ(collector_.got, "one\ntwo\n");
}

TEST_F(EventForwarderTest, AFullSpoolSaysSo) {
  collector_.away = true;
  auto forwarder = start(8192);
  ASSERT_TRUE(forwarder->write(std::string(8000, 'x') + "\n"));
  const auto refused = forwarder->write(std::string(8000, 'x') + "\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::no_space);
  EXPECT_FALSE(forwarder->write(""));  // asks whether there is room
}

}  // namespace
}  // namespace weir
