// What is known of each feed between two runs: when it was asked, what came, and why what came was
// not taken. One small JSON file, replaced as a whole; the updater writes it, the gateway and the
// command line read it. Plain values.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace weir {

struct FeedState {
  std::string url, format;  // that the copy at hand came from; another one starts anew
  std::string etag, last_modified;
  WallTime checked{};     // last try
  WallTime good{};        // last answer that was fine, also "not changed"; the feed's age
  WallTime changed{};     // the copy at hand came then
  WallTime next{};        // not before
  unsigned failures = 0;  // since the last good answer
  bool quarantined = false;
  std::string problem;  // why the last try failed, or what came was not taken; "" = fine
  std::uint64_t indicators = 0, rejected = 0, bytes = 0;  // of the copy at hand
  std::vector<std::string> reasons;  // the first rejected records: "line 12: not a host"
  bool operator==(const FeedState&) const = default;
};

using FeedStates = std::map<std::string, FeedState, std::less<>>;

// A missing file is an empty one; a damaged one an error (Fault::local), and then all feeds are
// fetched anew.
Result<FeedStates> load_feed_states(const std::string& path);
Result<void> save_feed_states(const std::string& path, const FeedStates& states);

inline constexpr std::size_t kMostReasons = 5;

}  // namespace weir
