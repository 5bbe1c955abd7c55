// Objects embedded in RTF ([MS-OLEDS] 2.2.4 in hex after \objdata): packaged files under their own
// names, other objects as they are. Takes the tricks that Word takes: blanks, control words and
// groups between digits, \bin. Memory holds one object at a time, at most kMostObject bytes.
// Sans-io; the bytes outlive what is made of them. One thread.
#pragma once

#include <memory>

#include "inspect/formats/container.h"

namespace weir {

inline constexpr std::size_t kMostRtfObject = 256U << 20;

std::unique_ptr<Container> open_rtf(const Subject& file, Reason& problem);

}  // namespace weir
