// What a ZIP says of itself, read twice: the central directory, which most readers follow, and the
// local header of each entry, which others follow (APPNOTE.TXT 4.3). Where the two differ, two
// readers unpack different files, so that what was scanned is not what is opened. Also: which
// entries are encrypted, and how. Reads headers only, bounded by the file and `most_entries`.
// Sans-io, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/finding.h"

namespace weir {

struct ZipProblem {
  Reason reason = Reason::none;
  std::string name;  // "zip-aes256", "zip: local name differs"
  bool operator==(const ZipProblem&) const = default;
};

struct ZipStructure {
  bool is_zip = false;  // begins like one, or ends with a directory that is one
  std::uint64_t files = 0, encrypted = 0;
  // Every entry stored or deflated: what any reader unpacks.
  bool common_methods = true;
  std::vector<ZipProblem> problems;  // each kind once

  // Whether all readers see the same files.
  bool plain() const { return is_zip && common_methods && problems.empty(); }
};

ZipStructure read_zip_structure(ByteView file, std::uint64_t most_entries);

}  // namespace weir
