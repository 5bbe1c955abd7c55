// What a sample is, and how it is started in the cell. Pure but for the look at which interpreters
// are installed, which the caller passes in.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace weir {

struct Launch {
  std::string kind;               // "elf", "shell", "python", "perl", "node", "jar", "pe", ...
  std::vector<std::string> argv;  // absolute program first; empty: it cannot be run here
  std::string reason;             // why it cannot
};

// `head`: the first 64 KiB. `name`: as it was downloaded. `path`: where it will lie in the cell.
// `installed` says whether a program exists.
Launch plan_launch(ByteView head, std::string_view name, const std::string& path,
                   const std::function<bool(const std::string&)>& installed);

// The last part of a name from outside, harmless as a file name: never empty, no dots in front.
std::string safe_name(std::string_view name);

}  // namespace weir
