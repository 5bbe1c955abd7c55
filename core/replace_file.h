// Replaces a small file as a whole: written beside, synced, renamed. Whoever reads sees the old or
// the new one, whatever happens in between. Blocks.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace weir {

// Only the owner may read it. On an error the old one stands.
Result<void> replace_file(const std::string& path, std::string_view contents);

}  // namespace weir
