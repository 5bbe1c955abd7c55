// The addresses of listen.proxy and listen.admin, from their text. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/net_addr.h"
#include "core/result.h"

namespace weir {

Result<std::vector<Endpoint>> parse_endpoints(const std::vector<std::string>& texts);

}  // namespace weir
