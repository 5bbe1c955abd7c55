// Text in UTF-16, as Windows formats store names (Unicode 15, section 3.9), turned into UTF-8. Pure
// functions.
#pragma once

#include <string>

#include "core/bytes.h"

namespace weir {

// Little endian. Lone surrogates become U+FFFD, an odd last byte is left out. Nothing ends the
// text but its end: NUL stays.
std::string utf8_from_utf16le(ByteView text);

}  // namespace weir
