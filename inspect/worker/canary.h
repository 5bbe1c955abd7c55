// Files that every working scanner must raise the alarm for: the secret of this process, packed so
// that only who unpacks can see it. Proves at start that engines, jail and unpacking work together;
// an engine that silently finds nothing would call everything clean.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "inspect/scan_wire.h"

namespace weir {

// A ZIP of several deflated members, the canary in the last.
Result<std::string> canary_archive(std::string_view canary);

// Asks a child over its socket, once for each scanner, and waits for it at most half a minute. An
// error says which scanner is blind, or how the child died.
Result<void> check_canary(int socket, std::string_view canary);

}  // namespace weir
