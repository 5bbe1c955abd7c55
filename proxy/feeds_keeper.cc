#include "proxy/feeds_keeper.h"

#include <sys/stat.h>

#include <utility>

#include "core/escape.h"

namespace weir {
namespace {

std::int64_t seconds_since(WallTime from, WallTime now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now - from).count();
}

}  // namespace

std::unique_ptr<FeedsKeeper> FeedsKeeper::start(const Settings& settings,
                                                const std::string& helpers, const Clock& clock,
                                                Metrics& metrics, EventLog& events, Log& log) {
  if (settings.feeds_file.empty()) return nullptr;
  return std::unique_ptr<FeedsKeeper>(
      new FeedsKeeper(settings, helpers, clock, metrics, events, log));
}

FeedsKeeper::FeedsKeeper(const Settings& settings, const std::string& helpers, const Clock& clock,
                         Metrics& metrics, EventLog& events, Log& log)
    : clock_(clock),
      metrics_(metrics),
      events_(events),
      log_(log),
      folder_(settings.state_dir + "/feeds"),
      updater_(
          "feeds",
          {helpers + "/weir-feeds", "--list", settings.feeds_file, "--folder", folder_, "keep"},
          clock, log) {}

void FeedsKeeper::look() {
  updater_.look();
  read_states();
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
