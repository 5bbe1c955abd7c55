// Who got what: one line of the history, and what to look for in it. Plain data, any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"

namespace weir {

constexpr std::size_t kMostInside = 64;  // files inside one that a row keeps

struct DeliveryRecord {
  WallTime time{};       // to the millisecond
  std::string event_id;  // of the transaction's event
  std::string client;    // address
  std::string user;      // "" = not known
  std::string host;      // of the URL, lower case
  std::string domain;    // registrable
  std::string url;
  std::string sha256;  // lower-case hex; "" = no file
  std::string file_name;
  std::string action;   // what policy did
  std::string verdict;  // what was learned

  // Lower-case hex of the files inside, each once, at most kMostInside. To find the row by; they do
  // not come back with it.
  std::vector<std::string> inside;
  bool was_inside = false;  // in an answer: not the file of this row was asked for, but one inside

  bool operator==(const DeliveryRecord&) const = default;
};

// All that are set must hold; "" is not set.
struct HistoryFilter {
  std::string sha256;  // of the file, or of one inside
  std::string host, domain, client, user, action, verdict, event_id;
  std::string url_part, name_part;  // somewhere inside; these look at each row that the rest leaves
  std::optional<WallTime> from, to;  // both inclusive
};

// The newest first; `before` is `next` of the page before.
struct HistoryPage {
  std::size_t rows = 100;   // at most 10,000
  std::int64_t before = 0;  // 0 = from the newest on
  // Set by anybody while it runs: the search ends soon, with Errc::cancelled.
  const std::atomic<bool>* stop = nullptr;
};

struct HistoryRows {
  std::vector<DeliveryRecord> rows;
  std::int64_t next = 0;  // 0 = there are no more
};

}  // namespace weir
