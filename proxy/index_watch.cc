#include "proxy/index_watch.h"

#include <sys/stat.h>

#include <utility>

namespace weir {

std::shared_ptr<const Index> IndexWatch::look() {
  struct stat about{};
  if (::stat(path_.c_str(), &about) != 0) return nullptr;  // no feeds, or not yet
  const decltype(known_) found{about.st_dev, about.st_ino, about.st_ctim.tv_sec,
                               about.st_ctim.tv_nsec};
  if (std::exchange(known_, found) == found) return nullptr;
  auto opened = Index::open(path_);
  if (!opened) {
    log_.error("feeds", "the index cannot be read; what is in force stays",
               {{"problem", opened.error().what}});
    return nullptr;
  }
  log_.info("feeds", "index in force", {{"indicators", std::to_string((*opened)->size())}});
  return *opened;
}

}  // namespace weir
