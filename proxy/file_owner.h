// To whom a file belongs that the gateway keeps: nobody else learns that it is there.
#pragma once

#include <string>

#include "core/net_addr.h"

namespace weir {

struct FileOwner {
  IpAddress client;
  std::string user;
  bool operator==(const FileOwner&) const = default;
};

}  // namespace weir
