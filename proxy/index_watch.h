// Notices when the updater of feeds has put another index file in place, and opens it. A file that
// cannot be read is said once; what is in force stays. One thread, off the loops.
#pragma once

#include <memory>
#include <string>
#include <tuple>

#include "core/log.h"
#include "feeds/index.h"

namespace weir {

class IndexWatch {
 public:
  IndexWatch(std::string path, Log& log) : path_(std::move(path)), log_(log) {}

  // The new index when the file is another than at the last call; null otherwise.
  std::shared_ptr<const Index> look();

 private:
  std::string path_;
  Log& log_;
  // Device, inode, time of change: of the file that was looked at last.
  std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t> known_{};
};

}  // namespace weir
