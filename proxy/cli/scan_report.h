// What weir scan says of one file: for people a tree, for programs one JSON object on a line
// (docs/scanning.md). Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/file_type.h"
#include "core/finding.h"

namespace weir {

struct ScannedFile {
  std::string path, sha256;
  std::uint64_t size = 0;
  FileType type = FileType::unknown;
  Assessment assessment;
  std::chrono::nanoseconds took{};
  std::string action, rule;  // of the policy's verdict stage; "" = no policy was given
};

// critical, high, medium, low, info: from the verdict, and for signs from their weight.
std::string_view severity_of(const Finding& finding);

std::string scan_json_line(const ScannedFile& file);
std::string scan_text(const ScannedFile& file);

}  // namespace weir
