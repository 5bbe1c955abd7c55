// OneNote sections ([MS-ONESTORE]): whether a section is encrypted, and the files embedded in it.
// Sans-io; the bytes outlive what is made of them. One thread.
#pragma once

#include <memory>

#include "inspect/formats/container.h"

namespace weir {

void examine_onenote(const Subject& file, Remarks& remarks);
std::unique_ptr<Container> open_onenote(const Subject& file, Reason& problem);

}  // namespace weir
