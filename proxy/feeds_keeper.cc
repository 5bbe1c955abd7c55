#include "proxy/feeds_keeper.h"

#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/escape.h"

extern char** environ;

namespace weir {
namespace {

constexpr std::chrono::seconds kShortLife{10};
constexpr unsigned kMostDoublings = 6;  // a minute between tries

std::int64_t seconds_since(WallTime from, WallTime now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now - from).count();
}

}  // namespace

std::unique_ptr<FeedsKeeper> FeedsKeeper::start(const Settings& settings,
                                                const std::string& helpers, const Clock& clock,
                                                Metrics& metrics, EventLog& events, Log& log) {
  if (settings.feeds_file.empty()) return nullptr;
  std::unique_ptr<FeedsKeeper> keeper(
      new FeedsKeeper(settings, helpers, clock, metrics, events, log));
  keeper->spawn();
  return keeper;
}

FeedsKeeper::FeedsKeeper(const Settings& settings, const std::string& helpers, const Clock& clock,
                         Metrics& metrics, EventLog& events, Log& log)
    : clock_(clock),
      metrics_(metrics),
      events_(events),
      log_(log),
      program_(helpers + "/weir-feeds"),
      list_(settings.feeds_file),
      folder_(settings.state_dir + "/feeds") {}

FeedsKeeper::~FeedsKeeper() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void FeedsKeeper::look() {
  reap();
  if (pid_ <= 0 && clock_.steady() >= not_before_) spawn();
  read_states();
}

void FeedsKeeper::spawn() {
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0) return;
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  std::array<std::string, 6> words{program_, "--list", list_, "--folder", folder_, "keep"};
  std::array<char*, 7> argv{};
  std::ranges::transform(words, argv.begin(), [](std::string& word) { return word.data(); });
  const int bad = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  started_ = clock_.steady();
  if (bad == 0) return;
  pid_ = -1;
  not_before_ = started_ + std::chrono::minutes(1);
  log_.error("feeds", "the updater cannot be started",
             {{"problem", errno_error(program_, bad).what}});
}

// It ends by itself when the list of feeds was edited; one that ends at once is given time.
void FeedsKeeper::reap() {
  if (pid_ <= 0) return;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return;
  pid_ = -1;
  const SteadyTime now = clock_.steady();
  short_lives_ = now - started_ < kShortLife ? std::min(short_lives_ + 1, kMostDoublings) : 0;
  not_before_ = now + std::chrono::seconds(short_lives_ == 0 ? 0 : 1U << short_lives_);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  log_.error("feeds", "the updater ended; what is in force stays",
             {{"status", std::to_string(status)}});
}

void FeedsKeeper::read_states() {
  const std::string path = folder_ + "/state.json";
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) return;
  const decltype(seen_) found{about.st_ino, about.st_mtim.tv_sec};
  const WallTime now = clock_.wall();
  if (std::exchange(seen_, found) != found) {
    auto states = load_feed_states(path);
    if (!states) return log_.error("feeds", "state", {{"problem", states.error().what}});
    for (const auto& [name, state] : *states) {
      const auto before = states_.find(name);
      tell(name, state, before == states_.end() ? FeedState{} : before->second);
    }
    states_ = std::move(*states);
  }
  for (const auto& [name, state] : states_) {
    if (state.good == WallTime{}) continue;
    metrics_.gauge("weir_feed_age_seconds", "Since a feed was last confirmed.", {{"feed", name}})
        .set(seconds_since(state.good, now));
  }
}

void FeedsKeeper::tell(const std::string& name, const FeedState& state, const FeedState& before) {
  metrics_.gauge("weir_feed_indicators", "Entries of a feed in force.", {{"feed", name}})
      .set(static_cast<std::int64_t>(state.indicators));
  metrics_.gauge("weir_feed_trouble", "1: a feed fails or is in quarantine.", {{"feed", name}})
      .set(state.problem.empty() ? 0 : 1);
  if (state.problem == before.problem && state.quarantined == before.quarantined) return;
  Notice notice;
  notice.time = clock_.wall();
  notice.details = {{"feed", name}, {"problem", state.problem}};
  if (state.problem.empty()) {
    notice.what = "feed-recovered";
    notice.severity = 1;
    notice.message = "The feed " + name + " is fine again.";
    if (before.problem.empty()) return;
  } else if (state.quarantined) {
    notice.what = "feed-quarantined";
    notice.message = "The feed " + name + " " + state.problem +
                     "; its last good state stays in force. See: weir feeds status";
  } else {
    notice.what = "feed-failed";
    notice.severity = 2;
    notice.message = "The feed " + name + " cannot be fetched: " + state.problem +
                     "; its last good state stays in force.";
  }
  events_.submit(notice);
}

}  // namespace weir
