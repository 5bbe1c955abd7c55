// Archives cut over several files: RAR 4 and 5 (their main header says so) and cabinets ([MS-CAB]
// 2.1). One part cannot be inspected. ZIP is in zip_structure.h. Sans-io, any thread.
#pragma once

#include "core/bytes.h"

namespace weir {

bool is_one_of_several_volumes(ByteView file);

}  // namespace weir
