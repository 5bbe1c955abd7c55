// What unfolding text has shown of an intention to hide it, and what a VBA module looks like. Pure
// functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "inspect/formats/remark.h"
#include "inspect/signs/plain_text.h"

namespace weir {

// Adds a sign for each disguise that there is more of than code has by chance; whether there was
// any. `languages` as of clues.h.
bool add_disguise(const Unfolded& text, std::uint16_t languages, Remarks& remarks);

// "Attribute VB_Name" begins the source of every module ([MS-OVBA] 2.3.4.3).
bool is_macro_source(std::string_view text);

}  // namespace weir
