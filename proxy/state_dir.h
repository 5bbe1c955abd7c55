// The folder in which a gateway keeps what is its own: the CA, events, the spool. Made on first
// start for its user only.
#pragma once

#include <string>

#include "core/result.h"

namespace weir {

Result<void> prepare_state_dir(const std::string& dir);

}  // namespace weir
