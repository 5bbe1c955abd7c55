// Encryption in documents that are ZIPs: OpenDocument says in META-INF/manifest.xml which of its
// members are encrypted and how (ODF 1.3 part 2, sections 3.4 and 4.8), or holds the whole document
// in one encrypted member; iWork adds a password verifier. HWPX uses the same manifest. Sans-io.
#pragma once

#include "inspect/formats/remark.h"

namespace weir {

void examine_odf(const Subject& file, Remarks& remarks);

}  // namespace weir
