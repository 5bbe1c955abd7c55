// How evenly bytes are spread: 8 bits per byte is random, packed or encrypted; machine code is
// about
// 6. Pure function.
#pragma once

#include <string>

#include "core/bytes.h"

namespace weir {

// Shannon entropy in bits per byte. Of more than 1 MiB, pieces spread over the whole are taken.
double entropy_of(ByteView bytes);

// "7.98"
std::string entropy_text(double entropy);

}  // namespace weir
