// The updater over a scripted server: when it asks, what it sends, what it keeps.
#include "feeds/update/updater.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>

#include "feeds/index.h"

namespace weir {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class FixedRandom final : public Random {
 public:
  void fill(MutableBytes out) override { std::ranges::fill(out, value); }
  std::uint8_t value = 0;
};

// Answers in turn; an Error is one.
class ScriptedFetcher final : public Fetcher {
 public:
  Result<FetchAnswer> fetch(const FetchAsk& ask, const FetchSink& sink) override {
    asked.push_back(ask);
    if (answers.empty()) return fail(Errc::refused, Fault::origin, "the server answered 500");
    std::string body = std::move(answers.front());
    answers.pop_front();
    FetchAnswer answer;
    if (body == "304") {
      answer.unchanged = true;
      return answer;
    }
    answer.etag = "\"" + std::to_string(body.size()) + "\"";
    answer.bytes = body.size();
    if (auto taken = sink(as_bytes(body)); !taken) return pass(std::move(taken));
    return answer;
  }
  std::deque<std::string> answers;
  std::vector<FetchAsk> asked;
};

class UpdaterTest : public testing::Test {
 protected:
  void SetUp() override {
    folder = {testing::TempDir() + "weir_updater." + std::to_string(::getpid())};
    std::filesystem::remove_all(folder.path);
    std::filesystem::create_directories(folder.path);
    spec.name = "bad";
    spec.url = "https://feeds.test/bad";
    spec.format = "domains";
    spec.every = hours(1);
    list.feeds = {spec};
    restart();
  }
  void TearDown() override { std::filesystem::remove_all(folder.path); }

  void restart() { updater.emplace(Updater::Parts{folder, fetcher, clock, random, log, stop, {}}); }
  std::vector<FeedResult> run(const UpdateAsk& ask = {}) {
    auto results = updater->run(list, ask);
    EXPECT_TRUE(results) << results.error().what;
    return results ? std::move(*results) : std::vector<FeedResult>{};
  }
  std::vector<FeedResult> run_with(std::string answer) {
    fetcher.answers = {std::move(answer)};
    return run();
  }
  bool listed(std::string_view host) {
    const auto index = Index::open(folder.index());
    return index && !(*index)->find_host(host, clock.wall()).empty();
  }
  FeedState state() { return load_feed_states(folder.state()).value().at("bad"); }

  FeedFolder folder;
  FeedSpec spec;
  FeedList list;
  ScriptedFetcher fetcher;
  ManualClock clock;
  FixedRandom random;
  Log log{STDERR_FILENO, LogLevel::error, clock};
  std::atomic<bool> stop{false};
  std::optional<Updater> updater;
};

TEST_F(UpdaterTest, AsksWhenItIsDueAndSaysWhatIsAtHand) {
  ASSERT_EQ(run_with("evil.test\n").size(), 1U);
  EXPECT_TRUE(listed("www.evil.test"));
  EXPECT_EQ(run().size(), 0U);
  clock.advance(minutes(50));
  EXPECT_EQ(run().size(), 0U);
  clock.advance(minutes(20));
  const auto again = run_with("304");
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].kind, FeedResult::Kind::unchanged);
  EXPECT_EQ(fetcher.asked.back().etag, "\"10\"");
  EXPECT_EQ(state().good, state().checked);
}

TEST_F(UpdaterTest, SpreadsItsQuestions) {
  run_with("evil.test\n");
  EXPECT_EQ(updater->next_due(list), clock.wall() + minutes(54));  // 0.9 of an hour
  random.value = 255;
  clock.advance(hours(2));
  run_with("304");
  const auto pause = updater->next_due(list) - clock.wall();
  EXPECT_GT(pause, minutes(54));
  EXPECT_LE(pause, minutes(66));
}

TEST_F(UpdaterTest, WaitsLongerAfterEachFailure) {
  run_with("evil.test\n");
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 14; ++i) {
    clock.advance(hours(24));
    const auto failed = run();
    ASSERT_EQ(failed.size(), 1U);
    EXPECT_EQ(failed[0].kind, FeedResult::Kind::failed);
    pauses.push_back(
        std::chrono::duration_cast<seconds>(updater->next_due(list) - clock.wall()).count());
  }
  EXPECT_EQ(pauses[0], 54);
  EXPECT_EQ(pauses[1], 108);
  EXPECT_EQ(pauses.back(), 6 * 3600 * 9 / 10);
  EXPECT_TRUE(std::is_sorted(pauses.begin(), pauses.end()));
  EXPECT_TRUE(listed("evil.test"));
  EXPECT_EQ(state().failures, 14U);
  clock.advance(hours(24));
  run_with("evil.test\n");
  EXPECT_EQ(state().failures, 0U);
  EXPECT_EQ(state().problem, "");
}

TEST_F(UpdaterTest, AnotherAddressStartsAnew) {
  run_with("evil.test\n");
  list.feeds[0].url = "https://feeds.test/other";
  clock.advance(hours(2));
  run_with("other.test\n");
  EXPECT_EQ(fetcher.asked.back().etag, "");
  EXPECT_TRUE(listed("other.test"));
  EXPECT_FALSE(listed("evil.test"));
}

TEST_F(UpdaterTest, EntriesRunOutWhenTheFeedIsNotConfirmed) {
  list.feeds[0].expire = hours(48);
  run_with("evil.test\n");
  clock.advance(hours(40));
  EXPECT_TRUE(listed("evil.test"));
  run_with("304");  // confirmed: counts from now on
  clock.advance(hours(40));
  EXPECT_TRUE(listed("evil.test"));
  run();  // fails
  clock.advance(hours(20));
  run();
  EXPECT_FALSE(listed("evil.test"));
}

TEST_F(UpdaterTest, AFeedThatIsTurnedOffIsOut) {
  run_with("evil.test\n");
  list.feeds[0].enabled = false;
  updater->note_list_changed();
  run();
  EXPECT_FALSE(listed("evil.test"));
  list.feeds[0].enabled = true;
  updater->note_list_changed();
  run();
  EXPECT_TRUE(listed("evil.test"));
  EXPECT_EQ(fetcher.asked.size(), 1U);
}

TEST_F(UpdaterTest, TheIndexIsMadeAgainFromWhatIsAtHand) {
  run_with("evil.test\n");
  std::filesystem::remove(folder.index());
  restart();
  EXPECT_EQ(run().size(), 0U);
  EXPECT_TRUE(listed("evil.test"));
  std::ofstream(folder.index()) << "damaged";
  run();
  EXPECT_TRUE(listed("evil.test"));
}

// Whatever a kill leaves behind is neither believed nor in the way.
TEST_F(UpdaterTest, LeftoversOfAKill) {
  run_with("evil.test\n");
  std::ofstream(folder.body("bad") + ".new") << "half.te";
  std::ofstream(folder.body("bad") + ".part") << "half.te";
  std::ofstream(folder.state() + ".new") << "{";
  std::ofstream(folder.index() + ".new") << "x";
  restart();
  updater->note_list_changed();
  run();
  EXPECT_TRUE(listed("evil.test"));
  EXPECT_FALSE(listed("half.te"));
  clock.advance(hours(2));
  run_with("next.test\n");
  EXPECT_TRUE(listed("next.test"));
}

TEST_F(UpdaterTest, ADamagedStateMeansAskingAnew) {
  run_with("evil.test\n");
  std::ofstream(folder.state()) << "{\"bad\": [";
  restart();
  const auto results = run_with("evil.test\nmore.test\n");
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].kind, FeedResult::Kind::taken);
  EXPECT_EQ(fetcher.asked.back().etag, "");
}

TEST_F(UpdaterTest, OneAtATime) {
  const UniqueFd other(::open(folder.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
  const auto results = updater->run(list, {});
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().code, Errc::busy);
  EXPECT_TRUE(fetcher.asked.empty());
}

TEST_F(UpdaterTest, GuardedNames) {
  list.guard_names = {"popular.test"};
  EXPECT_EQ(run_with("evil.test\npopular.test\n")[0].kind, FeedResult::Kind::quarantined);
  EXPECT_FALSE(listed("evil.test"));
  list.feeds[0].guard = GuardAction::drop;
  clock.advance(hours(24));
  EXPECT_EQ(run_with("evil.test\npopular.test\nwww.popular.test\n")[0].kind,
            FeedResult::Kind::taken);
  EXPECT_TRUE(listed("evil.test"));
  EXPECT_FALSE(listed("popular.test"));
  EXPECT_TRUE(listed("www.popular.test"));
  list.feeds[0].guard = GuardAction::off;
  clock.advance(hours(24));
  run_with("evil.test\npopular.test\n");
  EXPECT_TRUE(listed("popular.test"));
}

TEST_F(UpdaterTest, RejectedRecordsAreCountedAndTheFirstKept) {
  const auto results = run_with(
      "a.test\nb.test\nc.test\nd.test\ne.test\nf.test\ng.test\n"
      "<1>\n<2>\n<3>\n<4>\n<5>\n<6>\n");
  ASSERT_EQ(results[0].kind, FeedResult::Kind::taken);
  EXPECT_EQ(results[0].rejected, 6U);
  ASSERT_EQ(state().reasons.size(), kMostReasons);
  EXPECT_TRUE(state().reasons[0].starts_with("8: ")) << state().reasons[0];
}

TEST(FeedStates, KeepEverything) {
  FeedState state;
  state.url = "https://a.test/\"x\"\n";
  state.format = "domains";
  state.etag = "W/\"1\"";
  state.last_modified = "Mon";
  state.checked = WallTime(seconds(1'800'000'000));
  state.good = WallTime(seconds(1'700'000'000));
  state.changed = WallTime(seconds(1));
  state.next = WallTime(seconds(1'900'000'000));
  state.failures = 3;
  state.quarantined = true;
  state.problem = "why: 'so'";
  state.indicators = 10'000'000'000;
  state.rejected = 2;
  state.bytes = 3;
  state.reasons = {"1: a", "2: b"};
  const std::string path = testing::TempDir() + "weir_states." + std::to_string(::getpid());
  ASSERT_TRUE(save_feed_states(path, {{"one", state}, {"two", {}}}));
  const auto back = load_feed_states(path);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(back->at("one"), state);
  EXPECT_EQ(back->at("two"), FeedState{});
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace weir
