// Compiled HTML help, opened by libmspack: pages, scripts and whatever else was packed in. Each
// member is unpacked into memory, at most kLargestChmMember of it. Sans-io, one thread.
#pragma once

#include <memory>

#include "inspect/formats/container.h"

namespace weir {

inline constexpr std::size_t kLargestChmMember = 64U << 20;

std::unique_ptr<Container> open_chm(const Subject& file, Reason& problem);

}  // namespace weir
