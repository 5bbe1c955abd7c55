#include "proxy/index_watch.h"

#include <sys/stat.h>

#include <utility>

namespace weir {

std::shared_ptr<const Index> IndexWatch::look() {
  const bool feeds = look_at(feeds_);
  const bool local = look_at(local_);
  if (!feeds && !local) return nullptr;
  auto both = Index::joined(*local_.opened, *feeds_.opened);
  log_.info("feeds", "index in force", {{"indicators", std::to_string(both->size())}});
  return both;
}

bool IndexWatch::look_at(File& file) {
  struct stat about{};
  if (::stat(file.path.c_str(), &about) != 0) return false;  // no feeds, or not yet
  const decltype(file.known) found{about.st_dev, about.st_ino, about.st_ctim.tv_sec,
                                   about.st_ctim.tv_nsec};
  if (std::exchange(file.known, found) == found) return false;
  auto opened = Index::open(file.path);
  if (!opened) {
    log_.error("feeds", "the index cannot be read; what is in force stays",
               {{"problem", opened.error().what}});
    return false;
  }
  file.opened = std::move(*opened);
  return true;
}

}  // namespace weir
