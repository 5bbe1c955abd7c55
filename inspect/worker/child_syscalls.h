// The system calls that remain to a child that parses strangers' files. None makes a socket, a
// process, a program or code; those on paths reach the scratch directory only, since the root is
// empty and Landlock denies the rest.
#pragma once

#include <span>

namespace weir {

std::span<const int> child_syscalls();
// Harmless questions of libraries, which get an error instead of ending the child.
std::span<const int> refused_child_syscalls();

}  // namespace weir
