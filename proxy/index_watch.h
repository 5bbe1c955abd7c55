// Notices when another index of feeds or of the local list was put in place, and opens it; both
// together are what the gateway looks things up in. A file that cannot be read is said once; what
// is in force stays. One thread, off the loops.
#pragma once

#include <memory>
#include <string>
#include <tuple>

#include "core/log.h"
#include "feeds/index.h"

namespace weir {

class IndexWatch {
 public:
  // `folder`: <state>/feeds.
  IndexWatch(const std::string& folder, Log& log)
      : log_(log), feeds_(folder + "/index"), local_(folder + "/local.index") {}

  // The new index when one of the files is another than at the last call; null otherwise.
  std::shared_ptr<const Index> look();

 private:
  struct File {
    explicit File(std::string where) : path(std::move(where)) {}
    std::string path;
    // Device, inode, time of change: of the file that was looked at last.
    std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t> known{};
    std::shared_ptr<const Index> opened = Index::empty();
  };
  bool look_at(File& file);

  Log& log_;
  File feeds_, local_;
};

}  // namespace weir
