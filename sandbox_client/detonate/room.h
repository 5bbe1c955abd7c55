// The file system of a cell: a new root of which only the system's programs are real, read-only;
// the rest is made up and lies in bounded memory. Nothing else of the machine can be seen.
//
// Called by the first process of new user, mount and pid namespaces, which then stands in the new
// root. After an error the caller ends.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace weir {

// Where a sample may change something, by the room's own rules.
std::vector<std::string> writable_places();

// `name` (safe_name) becomes an executable file in ~/Downloads with what can be read from `sample`.
// Returns its path.
Result<std::string> build_room(int sample, const std::string& name);

}  // namespace weir
