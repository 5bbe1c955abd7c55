// What of an archive a sandbox should have: a program inside tells it more than the archive around
// it. Pure, any thread.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "core/file_type.h"
#include "core/finding.h"
#include "policy/policy.h"

namespace weir {

struct InsideChoice {
  std::vector<ArtifactNote> files;  // each once, executables first; empty: the whole is to go
  // Programs inside that no sandbox runs, or that are more or larger than policy sends: why.
  std::string_view left_out = {};
};

// `takes`: whether some sandbox runs files of this kind.
InsideChoice choose_inside(FileType outer, std::span<const ArtifactNote> tree,
                           const HoldingRules& rules,
                           const std::function<bool(const ArtifactNote&)>& takes);

}  // namespace weir
