// Landlock, the kernel's confinement of a process by itself: files and TCP ports it may no longer
// reach. Part of the jail (core/jail.h), for the calling thread and what it starts.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace weir {

// From now on no file can be opened but below `writable` ("" = none at all), no TCP port bound or
// connected. Everything that this kernel's version can deny is denied. Needs no_new_privs.
Result<void> restrict_files(const std::string& writable);

// For a process that needs the network and some files: what lies below `readable` (files or
// folders; what is not there is left out) can be read, what lies below `writable` changed too.
// Nothing else can be opened or executed; TCP stays as it is.
Result<void> restrict_files_to(const std::vector<std::string>& readable,
                               const std::string& writable);

// For programs that are not ours: everything can be read and executed as before, but changed only
// below `writable` (what is not there is left out), and no signal reaches a process outside. TCP
// stays as it is. Does nothing where the kernel has no Landlock. Needs no_new_privs.
Result<void> restrict_changes(const std::vector<std::string>& writable);

}  // namespace weir
