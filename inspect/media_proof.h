// Whether content is what its label says. Decides who may be streamed and what gets reported; it
// never makes anything clean. Pure functions.
#pragma once

#include <string_view>

#include "core/file_type.h"

namespace weir {

// The bytes are media that carries no code, and the label says media too.
bool proves_media(FileType by_magic, std::string_view content_type);

// The label names one family and the bytes are of another that can carry code: "image/png" on a PE.
bool contradicts_label(FileType by_magic, std::string_view content_type);

}  // namespace weir
