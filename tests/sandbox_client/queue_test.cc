#include "sandbox_client/queue.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/sandbox_client/samples.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
using State = SubmissionState;

class Queue : public testing::Test {
 protected:
  Queue() { reopen(); }

  void reopen() {
    queue_.reset();
    auto opened = SubmissionQueue::open(folder_ / "sandbox", options_, clock_, random_);
    ASSERT_TRUE(opened) << opened.error().what;
    queue_ = std::move(*opened);
    ASSERT_TRUE(queue_->use_engines(engines_));
  }

  Result<bool> add(const std::string& bytes, int priority = 0, std::string engine = "") {
    Submission one;
    one.sha256 = sha256_hex(as_bytes(bytes));
    one.name = bytes + ".exe";
    one.priority = priority;
    one.engine = std::move(engine);
    one.deadline = deadline_;
    return queue_->add(one, memory_file(bytes).get());
  }

  std::optional<Work> take(const std::string& engine = "a", unsigned most = 10) {
    auto work = queue_->take(engine, most);
    EXPECT_TRUE(work) << work.error().what;
    return work ? *work : std::nullopt;
  }

  std::vector<Ended> ended() { return queue_->ended(100).value_or(std::vector<Ended>()); }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder_ / "sandbox/files"), {}));
  }
  std::uint64_t count(State state) const { return queue_->counts()[state]; }

  TempFolder folder_;
  QueueOptions options_;
  std::vector<std::string> engines_{"a", "b"};
  Duration deadline_ = 30min;
  ManualClock clock_;
  CountingRandom random_;
  std::unique_ptr<SubmissionQueue> queue_;
};

TEST_F(Queue, FromAddedToTold) {
  ASSERT_EQ(add("one"), true);
  const auto work = take();
  ASSERT_TRUE(work);
  EXPECT_EQ(work->submission.name, "one.exe");
  EXPECT_EQ(work->submission.deadline, 30min);
  EXPECT_EQ(work->key.size(), 32u);
  EXPECT_FALSE(work->uncertain);
  char bytes[8] = {};
  const auto file = queue_->file(work->submission.sha256);
  ASSERT_TRUE(file);
  EXPECT_EQ(::read(file->get(), bytes, sizeof bytes), 3);
  EXPECT_STREQ(bytes, "one");

  ASSERT_TRUE(queue_->sent(work->id, "7,8"));
  EXPECT_FALSE(take());
  auto due = queue_->tickets_due("a", 9);
  ASSERT_EQ(due->size(), 1u);
  EXPECT_EQ(due->front().ticket, "7,8");
  ASSERT_TRUE(queue_->ask_again(work->id, 10s));
  EXPECT_TRUE(queue_->tickets_due("a", 9)->empty());
  EXPECT_EQ(queue_->next_due("a", true), clock_.wall() + 10s);
  clock_.advance(10s);
  EXPECT_EQ(queue_->tickets_due("a", 9)->size(), 1u);
  EXPECT_TRUE(queue_->tickets_due("b", 9)->empty());

  ASSERT_TRUE(queue_->finish(work->id));
  ASSERT_EQ(ended().size(), 1u);
  EXPECT_EQ(ended()[0].engine, "a");
  EXPECT_EQ(files(), 1u);
  ASSERT_TRUE(queue_->told(work->id));
  EXPECT_EQ(files(), 0u);
  EXPECT_TRUE(ended().empty());
  EXPECT_EQ(queue_->bytes(), 0u);
}

TEST_F(Queue, ASecondRequestJoinsAndCanHurryIt) {
  ASSERT_EQ(add("slow", 1), true);
  ASSERT_EQ(add("fast", 2), true);
  ASSERT_EQ(add("slow", 3), false);
  EXPECT_EQ(take()->submission.name, "slow.exe");
  ASSERT_EQ(add("slow"), false);  // while it is under way too
  ASSERT_TRUE(queue_->finish(1));
  EXPECT_EQ(ended()[0].joins, 2u);
  ASSERT_TRUE(queue_->told(1));
  EXPECT_EQ(add("slow"), true);  // told: a new one
}

TEST_F(Queue, PriorityThenAge) {
  for (const auto& [name, priority] : {std::pair{"w", 0}, {"x", 5}, {"y", 5}, {"z", -1}}) {
    ASSERT_EQ(add(name, priority), true);
  }
  for (const char* want : {"x.exe", "y.exe", "w.exe", "z.exe"}) {
    EXPECT_EQ(take()->submission.name, want);
    const auto work = take();  // nothing was said of the first yet: it comes again, unsure
    ASSERT_TRUE(work && work->uncertain);
    ASSERT_TRUE(queue_->sent(work->id, "t"));
  }
}

TEST_F(Queue, NoMoreThanTheEngineMayHave) {
  for (const char* name : {"1", "2", "3"}) ASSERT_EQ(add(name), true);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(queue_->sent(take("a", 2)->id, "t"));
  EXPECT_FALSE(take("a", 2));
  EXPECT_EQ(queue_->next_due("a", false), clock_.wall());  // the tickets
  ASSERT_TRUE(queue_->ask_again(1, 1min));
  ASSERT_TRUE(queue_->ask_again(2, 2min));
  EXPECT_EQ(queue_->next_due("a", false), clock_.wall() + 1min);
  EXPECT_TRUE(take("b", 2));
}

TEST_F(Queue, AnIntentIsUnsureAfterARestart) {
  ASSERT_EQ(add("one"), true);
  const std::string key = take()->key;
  reopen();
  const auto again = take();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->uncertain);
  EXPECT_EQ(again->key, key);
  EXPECT_FALSE(take("b"));
  ASSERT_TRUE(queue_->not_sent(again->id, "engine does not know it"));
  clock_.advance(10min);
  const auto anew = take("b");
  ASSERT_TRUE(anew);
  EXPECT_FALSE(anew->uncertain);
  EXPECT_NE(anew->key, key);
}

TEST_F(Queue, AnUnsureOneIsLookedForAgainLater) {
  ASSERT_EQ(add("one"), true);
  const auto id = take()->id;
  ASSERT_TRUE(queue_->unsure(id, "reset while sending"));
  EXPECT_FALSE(take());
  const auto due = queue_->next_due("a", true);
  ASSERT_TRUE(due);
  EXPECT_GT(*due, clock_.wall());
  clock_.advance(*due - clock_.wall());
  EXPECT_TRUE(take()->uncertain);
}

TEST_F(Queue, TriesAnotherEngineAndThenHasFailed) {
  ASSERT_EQ(add("one"), true);
  ASSERT_TRUE(queue_->refused(take("a")->id, Reason::unsupported, "unsupported"));
  EXPECT_FALSE(take("a"));
  EXPECT_FALSE(queue_->next_due("a", true) < clock_.wall() + 1min);
  ASSERT_TRUE(queue_->refused(take("b")->id, Reason::crashed, "no machine"));
  ASSERT_EQ(ended().size(), 1u);
  EXPECT_EQ(ended()[0].state, State::failed);
  EXPECT_EQ(ended()[0].why, "no machine");
  EXPECT_EQ(ended()[0].reason, Reason::crashed);
}

// A sandbox that failed over a file is not forgotten because another never takes such files.
TEST_F(Queue, AFailureOutweighsWhatIsNotSupported) {
  ASSERT_EQ(add("one"), true);
  ASSERT_TRUE(queue_->refused(take("a")->id, Reason::crashed, "no machine"));
  ASSERT_TRUE(queue_->refused(take("b")->id, Reason::unsupported, "unsupported"));
  ASSERT_EQ(ended().size(), 1u);
  EXPECT_EQ(ended()[0].reason, Reason::crashed);
}

TEST_F(Queue, AttemptsAreBounded) {
  ASSERT_EQ(add("one", 0, "a"), true);
  unsigned attempts = 0;
  deadline_ = 24h;
  while (const auto work = take()) {
    ASSERT_LE(++attempts, options_.max_attempts);
    ASSERT_TRUE(queue_->not_sent(work->id, "refused"));
    clock_.advance(10min);
    if (attempts > 2) break;
  }
  options_.max_attempts = 4;
  reopen();
  ASSERT_TRUE(queue_->not_sent(take()->id, "refused"));
  ASSERT_EQ(ended().size(), 1u);
  EXPECT_EQ(ended()[0].why, "refused (after 4 attempts)");
}

TEST_F(Queue, OnlyTheEngineThatWasAskedFor) {
  ASSERT_EQ(add("one", 0, "b"), true);
  EXPECT_FALSE(take("a"));
  EXPECT_FALSE(queue_->next_due("a", true) < clock_.wall() + 1min);
  EXPECT_TRUE(take("b"));
}

TEST_F(Queue, EnginesThatWentAway) {
  ASSERT_EQ(add("free"), true);
  ASSERT_TRUE(queue_->sent(take("a")->id, "t"));
  ASSERT_EQ(add("bound", 0, "a"), true);
  engines_ = {"b"};
  reopen();
  EXPECT_EQ(take("b")->submission.name, "free.exe");
  ASSERT_EQ(ended().size(), 1u);
  EXPECT_EQ(ended()[0].why, "engine a is not configured");
}

TEST_F(Queue, DeadlinesEndWhateverState) {
  deadline_ = 1min;
  for (const char* name : {"1", "2", "3"}) ASSERT_EQ(add(name), true);
  ASSERT_TRUE(queue_->sent(take()->id, "t"));
  const auto held = take();
  clock_.advance(1min - 1ms);
  ASSERT_TRUE(queue_->expire());
  EXPECT_TRUE(ended().empty());
  clock_.advance(1ms);
  ASSERT_TRUE(queue_->expire());
  EXPECT_EQ(ended().size(), 3u);
  ASSERT_TRUE(queue_->sent(held->id, "late"));  // does not bring it back
  ASSERT_TRUE(queue_->not_sent(held->id, "late"));
  ASSERT_TRUE(queue_->refused(held->id, Reason::crashed, "late"));
  ASSERT_TRUE(queue_->finish(held->id));
  EXPECT_EQ(count(State::expired), 3u);
}

TEST_F(Queue, FullIsAClearError) {
  options_.max_rows = 2;
  options_.max_bytes = 10;
  options_.max_file_bytes = 8;
  reopen();
  const auto long_one = add("123456789");
  ASSERT_FALSE(long_one);
  EXPECT_EQ(long_one.error().code, Errc::too_large);
  ASSERT_EQ(add("12345678"), true);
  const auto bytes = add("abc");
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, Errc::busy);
  EXPECT_EQ(bytes.error().what, "sandbox queue is full: 8 of 10 bytes");
  ASSERT_EQ(add("x"), true);
  reopen();  // counted again from the table
  const auto rows = add("y");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().what, "sandbox queue is full: 2 submissions");
  ASSERT_EQ(add("x"), false);  // a join needs no room
  ASSERT_TRUE(queue_->give_up(1, "") && queue_->told(1));
  EXPECT_EQ(add("y"), true);
}

TEST_F(Queue, WhatIsNotTheFileIsNotTaken) {
  Submission one;
  one.sha256 = std::string(64, 'a');
  EXPECT_EQ(queue_->add(one, memory_file("x").get()).error().code, Errc::invalid);
  one.sha256 = "../" + std::string(61, 'a');
  EXPECT_EQ(queue_->add(one, memory_file("x").get()).error().code, Errc::invalid);
  EXPECT_EQ(files(), 0u);
  EXPECT_EQ(queue_->bytes(), 0u);
}

TEST_F(Queue, LeftoversAreSwept) {
  ASSERT_EQ(add("kept"), true);
  std::ofstream(folder_ / "sandbox/files/" + std::string(64, 'b')) << "no row";
  std::ofstream(folder_ / "sandbox/files/" + std::string(64, 'c') + ".part-00") << "half";
  reopen();
  EXPECT_EQ(files(), 1u);
  struct stat about{};
  ASSERT_EQ(::stat((folder_ / "sandbox/queue.sqlite").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777u, 0600u);
}

TEST_F(Queue, ManyWhoAddTheSameFileMakeOne) {
  std::atomic<int> added = 0, joined = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 5; ++n) {
          const auto result = add("same " + std::to_string(n));
          if (result) (*result ? added : joined)++;
        }
      });
    }
  }
  EXPECT_EQ(added, 5);
  EXPECT_EQ(joined, 35);
  EXPECT_EQ(files(), 5u);
}

TEST_F(Queue, AClockThatStepsBackDoesNotStrandIt) {
  ASSERT_EQ(add("one"), true);
  ASSERT_TRUE(queue_->sent(take()->id, "t"));
  clock_.set_wall(clock_.wall() - 24h);
  EXPECT_EQ(queue_->tickets_due("a", 9)->size(), 1u);
}

TEST_F(Queue, OfAnotherVersionIsNotTouched) {
  queue_.reset();
  auto database = Database::open(folder_ / "sandbox/queue.sqlite", {});
  ASSERT_TRUE(database && database->run("PRAGMA user_version=99"));
  const auto opened = SubmissionQueue::open(folder_ / "sandbox", options_, clock_, random_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().what.find("has schema 99"), std::string::npos) << opened.error().what;
}

}  // namespace
}  // namespace weir
