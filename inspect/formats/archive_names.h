// Names of members that are made to land elsewhere or to be misread, whatever archive they are in.
// Bytes as the archive has them: a library that gives names as C strings has already lost what is
// behind a NUL. What depends on the kind of file (double extensions) is in inspect/signs. Pure
// functions over hostile names.
#pragma once

#include <string>
#include <string_view>

#include "inspect/formats/remark.h"

namespace weir {

// Signs: "name-traversal", "name-absolute", "name-nul", "name-control", "name-direction",
// "name-trailing-dot", "name-blank-run", "name-huge".
void examine_member_name(std::string_view name, Remarks& remarks);

// For the detail of a remark: escaped and short.
std::string shown_member_name(std::string_view name);

}  // namespace weir
