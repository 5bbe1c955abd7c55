// Takes away what weir-sign no longer needs once its key is loaded: new descriptors, files,
// network, programs, threads; a system call outside the allow list ends the process. Once, before
// serving.
#pragma once

#include "core/result.h"

namespace weir {

// `descriptors` stay open, numbered from 0; everything above was closed by the caller.
Result<void> confine_signer(unsigned descriptors);

}  // namespace weir
