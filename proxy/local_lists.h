// What people here block and allow, changed by the command line and by the API: the list, then its
// index, which a running gateway takes within a second. One change at a time, over all processes
// (a lock file). Blocks on the disk.
#pragma once

#include <string>

#include "conf/settings.h"
#include "feeds/local_list.h"

namespace weir {

struct LocalWish {
  std::string indicator;  // host, URL, address, range or digest
  bool allow = false;
  std::string lasting;  // like 24h; "" = until it is taken back
  std::string why;
};

std::string local_list_path(const Settings& settings);

// Errc::invalid: a wish that cannot be; its text says why. Gives the entry as it is on the list.
Result<LocalEntry> put_on_local_list(const Settings& settings, const LocalWish& wish, WallTime now);
// Errc::not_found: it is not on the list.
Result<LocalEntry> take_off_local_list(const Settings& settings, const std::string& indicator,
                                       WallTime now);

}  // namespace weir
