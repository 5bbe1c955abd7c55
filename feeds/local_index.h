// The index of the local list: small, so that a change is in force at once. Blocks; off the loops.
#pragma once

#include <string>

#include "feeds/index_builder.h"
#include "feeds/local_list.h"

namespace weir {

// `folder`: <state>/feeds, with local.json and local.index.
Result<IndexSummary> write_local_index(const std::string& folder, const LocalList& list,
                                       WallTime now);

// After a start: when the index is missing or older than the list. Nothing to do is fine.
Result<void> restore_local_index(const std::string& folder, WallTime now);

}  // namespace weir
