// Landlock, the kernel's confinement of a process by itself: files and TCP ports it may no longer
// reach. Part of the jail (core/jail.h), for the calling thread and what it starts.
#pragma once

#include <string>

#include "core/result.h"

namespace weir {

// From now on no file can be opened but below `writable` ("" = none at all), no TCP port bound or
// connected. Everything that this kernel's version can deny is denied. Needs no_new_privs.
Result<void> restrict_files(const std::string& writable);

}  // namespace weir
