// The text half of type_by_magic: what browsers and script hosts would take text for (WHATWG MIME
// Sniffing, sections 6 and 7, and the words that scripts begin with). A pure function.
#pragma once

#include <string_view>

#include "core/file_type.h"

namespace weir {

// unknown when the head holds binary data.
FileType type_of_text(std::string_view head);

}  // namespace weir
