// Makes the file of an Index from indicators of any number of sources, in any order. Holds 24 bytes
// for each in memory, not their text. What one value has from several sources is all kept; the same
// word of the same source is kept once. Off the loop; one thread. After a failed write() the old
// file, if any, stands as it was.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/random.h"
#include "feeds/indicator.h"

namespace weir {

struct IndexSummary {
  std::uint64_t values = 0;   // distinct listed values
  std::uint64_t records = 0;  // distinct words of sources
  std::uint64_t bytes = 0;    // of the file
};

class IndexBuilder {
 public:
  explicit IndexBuilder(Random& random, WallTime now);  // draws the hash key
  ~IndexBuilder();
  IndexBuilder(const IndexBuilder&) = delete;
  IndexBuilder& operator=(const IndexBuilder&) = delete;

  // `indicator.value` must come from canonical_indicator. Refused: a pattern that RE2 does not
  // take, and what is past a bound of the file (index_format.h).
  Result<void> add(const Indicator& indicator);
  std::uint64_t added() const;

  // Writes path + ".new", syncs and renames it. Once, last: the builder is empty afterwards.
  Result<IndexSummary> write(const std::string& path);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir
