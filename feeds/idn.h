// Host names with letters outside of ASCII to their xn-- form, as browsers do it: UTS #46, not
// transitional (so that straße.example stays a name of its own). The only file that knows libidn2
// is idn.cc. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace weir {

// `host` is UTF-8 without percent escapes. ASCII comes back as it is.
Result<std::string> host_to_ascii(std::string_view host);

}  // namespace weir
