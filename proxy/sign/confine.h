// Takes away what weir-sign no longer needs once its key is loaded: new descriptors, files,
// network, programs, threads; a system call outside the allow list ends the process. Once, before
// serving.
#pragma once

#include "core/result.h"

namespace weir {

// `descriptors` stay open, numbered from 0; everything above was closed by the caller. What the
// system refuses is an error, unless best_effort: then it is named on standard error.
Result<void> confine_signer(unsigned descriptors, bool best_effort);

}  // namespace weir
