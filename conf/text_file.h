// Reads configuration files whole, with a bound: regular files only, so that a device or pipe named
// by mistake neither blocks nor never ends. Not for the request path.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"

namespace weir {

Result<std::string> read_text_file(const std::string& path, std::uint64_t most_bytes);

// `path` as seen from the folder of `file`, unless it is absolute. Dots are resolved by name only.
std::string beside(const std::string& file, const std::string& path);

}  // namespace weir
