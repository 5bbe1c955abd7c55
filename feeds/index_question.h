// What people ask an index, whatever kind of thing it is. Pure.
#pragma once

#include <string>

#include "feeds/index.h"
#include "feeds/local_list.h"

namespace weir {

// `what` is local_entry(text): a host, URL, address, range or digest. Of URLs, hosts and addresses
// also what is listed around them.
Hits ask_index(const Index& index, const LocalEntry& what, const std::string& text, WallTime now);

}  // namespace weir
