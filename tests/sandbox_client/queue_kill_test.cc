// The queue under kill -9: a child works through submissions and is ended at the n-th step that a
// kill could follow, for every n; another child goes on. Nothing is lost, nothing is sent twice.
// _exit() loses what a kill loses: memory, not what the system has of the files.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "sandbox_client/service.h"
#include "tests/sandbox_client/samples.h"
#include "tests/sandbox_client/scripted_engine.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr int kKilled = 9;
constexpr int kFiles = 3;

// Appends a line that outlives the process.
void note(const std::string& path, const std::string& line) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  (void)!::write(file.get(), (line + "\n").data(), line.size() + 1);
}

std::map<std::string, int> lines(const std::string& path) {
  std::map<std::string, int> count;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) ++count[line];
  return count;
}

std::string name(int n) { return "file " + std::to_string(n); }

struct Places {
  explicit Places(const TempFolder& folder)
      : queue(folder / "sandbox"),
        memory(folder / "verdicts.sqlite"),
        sent(folder / "sent"),
        added(folder / "added"),
        told(folder / "told") {}
  std::string queue, memory, sent, added, told;
};

// Adds the files that are not added yet, then works until nothing is left. Returns how many steps
// there were. `start` moves the clock on, so that pauses are over.
int work(const Places& places, WallTime start, const StepHook& hook) {
  int steps = 0;
  const StepHook step = [&](std::string_view what) {
    ++steps;
    if (hook) hook(what);
  };
  ManualClock clock;
  clock.set_wall(start);
  SystemRandom random;  // a run must not draw the keys of the one before
  Log log(-1, LogLevel::error, clock);
  auto queue = SubmissionQueue::open(places.queue, {}, clock, random, step);
  auto memory = VerdictMemory::open(places.memory, {}, clock);
  if (!queue || !memory) return -1;
  SandboxService service(**queue, **memory, clock, random, log);
  ScriptedEngine::Script script;
  script.sent_file = places.sent;
  script.step = step;
  service.add_engine(std::make_unique<ScriptedEngine>(script), {});
  service.add_listener([&](const Outcome& one) {
    note(places.told, one.submission.name + " " + std::string(submission_state_name(one.state)));
    step("told a listener");
  });
  if (!(*queue)->use_engines({"fake"})) return -1;
  const auto added = lines(places.added);
  for (int n = 0; n < kFiles; ++n) {
    if (added.contains(name(n))) continue;
    Submission one;
    one.sha256 = sha256_hex(as_bytes(name(n)));
    one.name = name(n);
    one.deadline = 24h;
    if (!service.hand_in(one, memory_file(name(n)).get())) return -1;
    note(places.added, name(n));
    step("handed in");
  }
  while (!(*queue)->counts().empty()) {
    clock.advance(std::max<Duration>(service.step(), 10ms));
  }
  return steps;
}

// In a child; the exit code is kKilled if it was ended at that step, 0 if it came to its end.
int run_child(const Places& places, WallTime start, int kill_at) {
  const pid_t child = ::fork();
  if (child == 0) {
    int left = kill_at;
    const int steps = work(places, start, [&](std::string_view) {
      if (--left == 0) ::_exit(kKilled);
    });
    ::_exit(steps < 0 ? 1 : 0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void expect_all_done(const Places& places, const std::string& what) {
  const auto told = lines(places.told);
  std::map<std::string, int> sent;
  for (const auto& [key, sha256] : ScriptedEngine::sent(places.sent)) ++sent[sha256];
  for (int n = 0; n < kFiles; ++n) {
    EXPECT_TRUE(told.contains(name(n) + " finished")) << what << ", " << name(n);
    EXPECT_EQ(sent[sha256_hex(as_bytes(name(n)))], 1) << what << ", " << name(n);
  }
  EXPECT_EQ(told.size(), static_cast<std::size_t>(kFiles)) << what;
  EXPECT_TRUE(std::filesystem::is_empty(places.queue + "/files")) << what;
}

TEST(QueueKill, AtEveryStepNothingIsLostOrSentTwice) {
  const WallTime start{std::chrono::seconds(1'800'000'000)};
  int kills = 0;
  for (int at = 1;; ++at) {
    const TempFolder folder;
    const Places places(folder);
    const int first = run_child(places, start, at);
    if (first == 0) break;  // it had fewer steps
    ASSERT_EQ(first, kKilled) << at;
    ++kills;
    ASSERT_EQ(run_child(places, start + 1h, 0), 0) << at;
    expect_all_done(places, "killed at step " + std::to_string(at));
  }
  EXPECT_GE(kills, kFiles * 12);
}

TEST(QueueKill, AgainAndAgainAFewStepsFurther) {
  for (const int every : {3, 5, 8, 13}) {
    const TempFolder folder;
    const Places places(folder);
    WallTime start{std::chrono::seconds(1'800'000'000)};
    int runs = 0;
    while (run_child(places, start, every + runs / 20) == kKilled) {
      start += 1h / 4;
      ASSERT_LT(++runs, 200) << every;
    }
    EXPECT_GT(runs, 1);
    expect_all_done(places, "killed every " + std::to_string(every));
  }
}

}  // namespace
}  // namespace weir
