// What weir-feeds can be asked to do. Each gives the exit code: 0 well, 1 a problem was found,
// 3 it could not be done.
#pragma once

#include <string>
#include <vector>

#include "feeds/update/updater.h"

namespace weir {

struct FeedsPlace {
  std::string list;    // feeds.yaml
  std::string folder;  // <state>/feeds
};

inline constexpr int kFeedsProblem = 1;
inline constexpr int kFeedsTrouble = 3;

// Keeps the folder up to date until SIGTERM, or until the list changes (then it is to be started
// again, so that it is confined to what the new list names).
int keep_feeds(const FeedsPlace& place);
int refresh_feeds(const FeedsPlace& place, const UpdateAsk& ask);
int print_status(const FeedsPlace& place);
int search_feeds(const FeedsPlace& place, const std::string& indicator);
int diff_feed(const FeedsPlace& place, const std::string& name);
int print_formats();
int check_list(const FeedsPlace& place);  // only its mistakes

}  // namespace weir
