// What the hits of one look-up come to, for policy and events: local lists win over feeds, a feed's
// own exceptions over what it lists. Views point into the Index that the hits came from. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "feeds/index.h"

namespace weir {

// The source of entries that people of this gateway made.
inline constexpr std::string_view kLocalSource = "local";

struct Reputation {
  Hits hits;                              // those that count
  std::vector<std::string_view> threats;  // their names, each once; not "category" and "allow"
  std::vector<std::string_view> sources, categories;
  unsigned confidence = 0;  // the highest of what is a threat

  bool listed() const { return !threats.empty(); }
};

Reputation reputation_of(Hits hits);
// Of several look-ups for one transaction (host, URL, name in the TLS).
void add_hits(Hits& all, Hits more);

}  // namespace weir
