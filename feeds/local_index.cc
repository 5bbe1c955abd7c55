#include "feeds/local_index.h"

#include <filesystem>

#include "core/random.h"

namespace weir {

namespace fs = std::filesystem;

Result<IndexSummary> write_local_index(const std::string& folder, const LocalList& list,
                                       WallTime now) {
  SystemRandom random;
  IndexBuilder builder(random, now);
  for (const Indicator& indicator : list.indicators()) {
    if (auto added = builder.add(indicator); !added) return pass(std::move(added));
  }
  return builder.write(folder + "/local.index");
}

Result<void> restore_local_index(const std::string& folder, WallTime now) {
  std::error_code missing;
  const auto listed = fs::last_write_time(folder + "/local.json", missing);
  if (missing) return {};
  const auto indexed = fs::last_write_time(folder + "/local.index", missing);
  if (!missing && indexed >= listed) return {};
  auto list = LocalList::load(folder + "/local.json");
  if (!list) return pass(std::move(list));
  list->drop_expired(now);
  const auto written = write_local_index(folder, *list, now);
  if (!written) return std::unexpected(written.error());
  return {};
}

}  // namespace weir
