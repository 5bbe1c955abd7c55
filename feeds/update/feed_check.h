// One reading of a feed's text: what is in it, whether that can be believed, and what of it goes
// into the index.
#pragma once

#include <functional>
#include <string>

#include "feeds/formats/feed_format.h"
#include "feeds/update/feed_list.h"
#include "feeds/update/feed_state.h"

namespace weir {

struct FeedCounts {
  std::uint64_t indicators = 0, rejected = 0, guarded = 0, bytes = 0;
  std::vector<std::string> reasons;
  std::string guarded_name;  // the first name of the guard list
};

// Reads the text at `path` as the feed says, and gives each indicator that counts to `take` (with
// the feed's expiry, `good` being the last time the feed confirmed it).
Result<FeedCounts> read_feed(const FeedSpec& spec, const FeedList& list, const std::string& path,
                             WallTime good, const std::function<Result<void>(Indicator)>& take);

// Why a text with these counts is not to replace one with those; "" = it may.
std::string distrust(const FeedSpec& spec, const FeedCounts& fresh, std::uint64_t before);

}  // namespace weir
