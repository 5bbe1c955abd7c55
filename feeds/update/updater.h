// Keeps <state>/feeds: asks each feed when it is due, takes what is sound, keeps the last good copy
// of what is not, and compiles all of them into the index that the gateway maps. Never touches
// traffic. One at a time for a folder: it holds a lock. Blocks; its own process.
//
//   bodies/NAME      the text in force of each feed, bodies/NAME.previous the one before
//   bodies/NAME.quarantine   what came and was not taken
//   state.json       feed_state.h          index   the compiled file
//
// Killed at any moment, what is in force stays: every file is replaced by rename.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/fd.h"
#include "core/log.h"
#include "core/random.h"
#include "feeds/index_builder.h"
#include "feeds/update/feed_list.h"
#include "feeds/update/feed_state.h"
#include "feeds/update/fetcher.h"

namespace weir {

struct FeedFolder {
  std::string path;  // <state>/feeds
  std::string body(std::string_view name) const;
  std::string state() const { return path + "/state.json"; }
  std::string index() const { return path + "/index"; }
  std::string lock() const { return path + "/lock"; }
};

// What a run is to do.
struct UpdateAsk {
  bool all = false;                 // also what is not due
  std::vector<std::string> names;   // only these, due or not; empty = every feed
  std::vector<std::string> accept;  // take what is quarantined of these
};

// What became of one feed in a run.
struct FeedResult {
  enum class Kind : std::uint8_t { taken, unchanged, failed, quarantined, accepted };
  std::string name;
  Kind kind = Kind::failed;
  std::string problem;
  std::uint64_t indicators = 0, rejected = 0;
};
std::string_view feed_result_name(FeedResult::Kind kind);

class Updater {
 public:
  struct Parts {
    FeedFolder folder;
    Fetcher& fetcher;
    const Clock& clock;
    Random& random;
    Log& log;
    const std::atomic<bool>& stop;         // true: end soon
    std::chrono::milliseconds patience{};  // how long to wait for another updater
  };

  explicit Updater(Parts parts) : parts_(std::move(parts)) {}

  // busy: another updater has the folder. An error: the state or the index cannot be written.
  Result<std::vector<FeedResult>> run(const FeedList& list, const UpdateAsk& ask);
  // Say that the list was edited: the next run builds the index anew.
  void note_list_changed() { list_changed_ = true; }
  // When the first feed is due again, as the last run left it.
  WallTime next_due(const FeedList& list) const;
  const FeedStates& states() const { return states_; }

 private:
  Result<UniqueFd> lock() const;
  FeedResult update(const FeedSpec& spec, const FeedList& list);
  FeedResult accept(const FeedSpec& spec);
  FeedResult failed(const FeedSpec& spec, const Error& error);
  void put_off(const FeedSpec& spec, FeedState& state);
  bool stale(const FeedList& list) const;
  Result<void> build(const FeedList& list);
  Result<void> add_feed(const FeedSpec& spec, const FeedList& list, IndexBuilder& builder);

  Parts parts_;
  FeedStates states_;
  bool list_changed_ = false;
};

}  // namespace weir
