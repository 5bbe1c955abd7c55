#include "feeds/update/updater.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <thread>

#include "feeds/index.h"
#include "feeds/update/feed_check.h"
#include "feeds/update/pull.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kFirstPause{60};  // after a failure; doubles
constexpr std::chrono::hours kLongestPause{6};
constexpr unsigned kMostDoublings = 12;
constexpr std::chrono::hours kOldestIndex{24};
constexpr std::chrono::milliseconds kLockPause{50};

// 0.9 to 1.1 of it, so that gateways do not ask all at once.
WallTime::duration jittered(std::chrono::milliseconds time, Random& random) {
  std::array<std::uint8_t, 2> drawn{};
  random.fill(drawn);
  const auto share = 900 + (drawn[0] * 256 + drawn[1]) % 201;
  return std::chrono::duration_cast<WallTime::duration>(time * share / 1000);
}

void rename_if_there(const std::string& from, const std::string& to) {
  std::error_code ignored;
  fs::rename(from, to, ignored);
}

Result<void> no_indicator(Indicator) { return {}; }

}  // namespace

std::string FeedFolder::body(std::string_view name) const {
  return path + "/bodies/" + std::string(name);
}

std::string_view feed_result_name(FeedResult::Kind kind) {
  switch (kind) {
    case FeedResult::Kind::taken: return "taken";
    case FeedResult::Kind::unchanged: return "unchanged";
    case FeedResult::Kind::failed: return "failed";
    case FeedResult::Kind::quarantined: return "quarantined";
    case FeedResult::Kind::accepted: return "accepted";
  }
  return "";
}

Result<std::vector<FeedResult>> Updater::run(const FeedList& list, const UpdateAsk& ask) {
  const auto held = lock();
  if (!held) return std::unexpected(held.error());
  auto loaded = load_feed_states(parts_.folder.state());
  if (!loaded) {
    parts_.log.error("feeds", "the state is damaged; all feeds are asked anew",
                     {{"problem", loaded.error().what}});
  }
  states_ = loaded ? std::move(*loaded) : FeedStates{};
  std::vector<FeedResult> results;
  const auto among = [](const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
  };
  for (const FeedSpec& spec : list.feeds) {
    if (parts_.stop.load()) break;
    if (among(ask.accept, spec.name)) {
      results.push_back(accept(spec));
    } else if (spec.enabled && ask.accept.empty()) {
      const bool wanted = ask.names.empty()
                              ? ask.all || states_[spec.name].next <= parts_.clock.wall()
                              : among(ask.names, spec.name);
      if (wanted) results.push_back(update(spec, list));
    }
    if (auto saved = save_feed_states(parts_.folder.state(), states_); !saved) {
      return pass(std::move(saved));
    }
  }
  std::erase_if(states_, [&](const auto& entry) { return list.find(entry.first) == nullptr; });
  const bool fresh = std::ranges::any_of(results, [](const FeedResult& result) {
    return result.kind == FeedResult::Kind::taken || result.kind == FeedResult::Kind::accepted;
  });
  if (fresh || stale(list)) {
    if (auto built = build(list); !built) return pass(std::move(built));
  }
  return results;
}

Result<UniqueFd> Updater::lock() const {
  std::error_code error;
  fs::create_directories(parts_.folder.path + "/bodies", error);
  fs::permissions(parts_.folder.path, fs::perms::owner_all, error);
  const std::string path = parts_.folder.lock();
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return std::unexpected(errno_error(path, errno));
  const SteadyTime until = parts_.clock.steady() + parts_.patience;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (parts_.clock.steady() >= until) {
      return fail(Errc::busy, Fault::local, "another update is running", true);
    }
    std::this_thread::sleep_for(kLockPause);
  }
  return fd;
}

FeedResult Updater::update(const FeedSpec& spec, const FeedList& list) {
  FeedState& state = states_[spec.name];
  const std::string body = parts_.folder.body(spec.name);
  const std::string from = spec.file.empty() ? spec.url : spec.file;
  if (state.url != from || state.format != spec.format || !fs::exists(body)) {
    state.etag = state.last_modified = "";
    state.indicators = 0;
  }
  state.checked = parts_.clock.wall();
  Puller puller(parts_.fetcher, list, parts_.folder.path + "/bodies");
  const std::string fresh = body + ".new";
  const auto pulled = puller.pull(spec, state, fresh);
  if (!pulled) return failed(spec, pulled.error());
  FeedResult result{spec.name, FeedResult::Kind::unchanged, "", state.indicators, state.rejected};
  if (!pulled->unchanged) {
    const auto counts = read_feed(spec, list, fresh, state.checked, no_indicator);
    if (!counts) return failed(spec, counts.error());
    result.indicators = counts->indicators;
    result.rejected = counts->rejected;
    result.problem = distrust(spec, *counts, state.indicators);
    if (!result.problem.empty()) {
      rename_if_there(fresh, body + ".quarantine");
      state.problem = result.problem;
      state.quarantined = true;
      result.kind = FeedResult::Kind::quarantined;
      put_off(spec, state);
      return result;
    }
    rename_if_there(body, body + ".previous");
    rename_if_there(fresh, body);
    result.kind = FeedResult::Kind::taken;
    state.indicators = counts->indicators;
    state.rejected = counts->rejected;
    state.bytes = counts->bytes;
    state.reasons = counts->reasons;
    state.changed = state.checked;
    state.url = from;
    state.format = spec.format;
    state.etag = pulled->etag;
    state.last_modified = pulled->last_modified;
  }
  state.quarantined = false;
  state.problem = "";
  state.failures = 0;
  state.good = state.checked;
  state.next = state.checked + jittered(spec.every, parts_.random);
  return result;
}

// An operator has looked at it and takes it.
FeedResult Updater::accept(const FeedSpec& spec) {
  FeedState& state = states_[spec.name];
  FeedResult result{spec.name, FeedResult::Kind::failed, "nothing of it is quarantined", 0, 0};
  const std::string body = parts_.folder.body(spec.name);
  if (!fs::exists(body + ".quarantine")) return result;
  const auto counts =
      read_feed(spec, FeedList{}, body + ".quarantine", parts_.clock.wall(), no_indicator);
  if (!counts) {
    result.problem = counts.error().what;
    return result;
  }
  rename_if_there(body, body + ".previous");
  rename_if_there(body + ".quarantine", body);
  state.indicators = result.indicators = counts->indicators;
  state.rejected = result.rejected = counts->rejected;
  state.bytes = counts->bytes;
  state.reasons = counts->reasons;
  state.changed = state.good = state.checked = parts_.clock.wall();
  state.url = spec.file.empty() ? spec.url : spec.file;
  state.format = spec.format;
  state.etag = state.last_modified = state.problem = result.problem = "";
  state.quarantined = false;
  state.failures = 0;
  result.kind = FeedResult::Kind::accepted;
  return result;
}

FeedResult Updater::failed(const FeedSpec& spec, const Error& error) {
  FeedState& state = states_[spec.name];
  state.problem = error.what;
  put_off(spec, state);
  return {spec.name, FeedResult::Kind::failed, error.what, state.indicators, state.rejected};
}

// The next try: soon at first, then later and later, but never more often than `every`.
void Updater::put_off(const FeedSpec& spec, FeedState& state) {
  const unsigned doublings = std::min(state.failures, kMostDoublings);
  ++state.failures;
  std::chrono::milliseconds pause = kFirstPause * (1U << doublings);
  const std::chrono::milliseconds longest =
      std::max<std::chrono::milliseconds>(kLongestPause, spec.every);
  pause = std::min(pause, longest);
  if (spec.every < pause && state.failures == 1) pause = spec.every;
  state.next = parts_.clock.wall() + jittered(pause, parts_.random);
}

WallTime Updater::next_due(const FeedList& list) const {
  WallTime soonest = parts_.clock.wall() + kOldestIndex;
  for (const FeedSpec& spec : list.feeds) {
    if (!spec.enabled) continue;
    const auto known = states_.find(spec.name);
    soonest = std::min(soonest, known == states_.end() ? WallTime{} : known->second.next);
  }
  return soonest;
}

// Expiry times are in the index, so it is made again before what was confirmed since runs out; and
// when the list of feeds is newer than it.
bool Updater::stale(const FeedList& list) const {
  const auto index = Index::open(parts_.folder.index());
  if (!index) return true;
  const auto age = parts_.clock.wall() - (*index)->built();
  std::chrono::milliseconds most = kOldestIndex;
  for (const FeedSpec& spec : list.feeds) {
    if (spec.enabled && spec.expire.count() > 0) most = std::min(most, spec.expire / 4);
  }
  return age >= most || list_changed_;
}

Result<void> Updater::build(const FeedList& list) {
  IndexBuilder builder(parts_.random, parts_.clock.wall());
  for (const FeedSpec& spec : list.feeds) {
    if (!spec.enabled || !fs::exists(parts_.folder.body(spec.name))) continue;
    if (auto added = add_feed(spec, list, builder); !added) return added;
  }
  const auto summary = builder.write(parts_.folder.index());
  if (!summary) return std::unexpected(summary.error());
  list_changed_ = false;
  parts_.log.info(
      "feeds", "index built",
      {{"indicators", std::to_string(summary->values)}, {"bytes", std::to_string(summary->bytes)}});
  return {};
}

Result<void> Updater::add_feed(const FeedSpec& spec, const FeedList& list, IndexBuilder& builder) {
  const auto found = states_.find(spec.name);
  const WallTime good = found == states_.end() ? WallTime{} : found->second.good;
  std::uint64_t refused = 0;
  const auto take = [&](Indicator indicator) -> Result<void> {
    auto added = builder.add(indicator);
    if (!added && added.error().code != Errc::too_large) ++refused;  // a pattern of RE2's dislike
    return added || added.error().code != Errc::too_large ? Result<void>{} : added;
  };
  auto read = read_feed(spec, list, parts_.folder.body(spec.name), good, take);
  if (!read) {
    read.error().what = spec.name + ": " + read.error().what;
    return pass(std::move(read));
  }
  if (refused > 0) {
    parts_.log.warn("feeds", "entries that the index does not take",
                    {{"feed", spec.name}, {"entries", std::to_string(refused)}});
  }
  return {};
}

}  // namespace weir
