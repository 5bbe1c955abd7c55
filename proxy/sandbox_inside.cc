#include "proxy/sandbox_inside.h"

#include <algorithm>

namespace weir {
namespace {

bool can_run(FileType type) {
  const FileFamily family = family_of(type);
  return family == FileFamily::executable || family == FileFamily::script;
}

bool is_executable(const ArtifactNote& note) {
  const auto type = file_type_from_name(note.type);
  return type && family_of(*type) == FileFamily::executable;
}

// What is inside a program is that program's own: it runs it, or not.
bool is_inside(const ArtifactNote& note, std::span<const ArtifactNote> programs) {
  return std::ranges::any_of(programs, [&](const ArtifactNote& program) {
    return note.where.starts_with(program.where + "!/");
  });
}

std::vector<ArtifactNote> programs_in(std::span<const ArtifactNote> tree) {
  std::vector<ArtifactNote> programs;
  for (const ArtifactNote& note : tree) {
    const auto type = file_type_from_name(note.type);
    if (note.where.empty() || note.sha256.empty() || !type || !can_run(*type)) continue;
    const bool again =
        std::ranges::any_of(programs, [&](const auto& one) { return one.sha256 == note.sha256; });
    if (!again && !is_inside(note, programs)) programs.push_back(note);
  }
  std::vector<ArtifactNote> ordered;
  for (const bool executables : {true, false}) {
    std::ranges::copy_if(programs, std::back_inserter(ordered),
                         [&](const auto& one) { return is_executable(one) == executables; });
  }
  return ordered;
}

}  // namespace

InsideChoice choose_inside(FileType outer, std::span<const ArtifactNote> tree,
                           const HoldingRules& rules,
                           const std::function<bool(const ArtifactNote&)>& takes) {
  InsideChoice choice;
  if (rules.archives == HoldingRules::Archives::whole || can_run(outer)) return choice;
  for (ArtifactNote& note : programs_in(tree)) {
    if (!takes(note)) {
      choice.left_out = "no sandbox runs some of the programs inside";
    } else if (note.size > rules.inside_bytes) {
      choice.left_out = "a program inside is larger than holding.inside_bytes";
    } else if (choice.files.size() >= rules.inside_files) {
      choice.left_out = "there are more programs inside than holding.inside_files";
    } else {
      choice.files.push_back(std::move(note));
    }
  }
  return choice;
}

}  // namespace weir
