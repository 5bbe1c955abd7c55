// Access databases: whether a password is set (Jet 3 and 4) or pages are encrypted (Jet's encoding,
// and [MS-OFFCRYPTO] in ACCDB). Microsoft published no format document; the layout of the first
// page is as mdbtools' HACKING file describes it. Sans-io, any thread.
#pragma once

#include "inspect/formats/remark.h"

namespace weir {

void examine_access(const Subject& file, Remarks& remarks);

}  // namespace weir
