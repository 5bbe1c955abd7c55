// What a ZIP says of itself, read twice: the central directory, which most readers follow, and the
// local header of each entry, which others follow (APPNOTE 6.3.10, 4.3). Where the two differ such
// that two readers unpack different files, what was scanned is not what is opened. Also: which
// entries are encrypted, and how (APPNOTE 6 and 7, WinZip's AE-1 and AE-2), and oddities in names
// and around the archive. Reads headers only, bounded by the file and `most_entries`. What writers
// in the field do differently without changing the content is no problem. Sans-io, any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/bytes.h"
#include "inspect/formats/remark.h"

namespace weir {

struct ZipStructure {
  bool is_zip = false;  // begins like one, or ends with a directory that is one
  // Entries that hold something: not directories, not empty.
  std::uint64_t files = 0, encrypted = 0;
  // Every entry stored or deflated: what any reader unpacks.
  bool common_methods = true;
  std::vector<Remark> problems;  // with a reason; each name once
  Remarks signs;                 // without

  // Whether all readers see the same files.
  bool plain() const { return is_zip && common_methods && problems.empty(); }
};

ZipStructure read_zip_structure(ByteView file, std::uint64_t most_entries);

// encrypted, partly-encrypted ("3 of 7 entries"): "zip-traditional", "zip-aes128" (192, 256),
// "zip-strong" (detail: the algorithm), "zip-encrypted-directory". unsupported: "zip-method-97".
// multi-volume: "zip-volume". truncated: "zip-truncated". corrupt: "zip-corrupt".
// parsers-disagree: "zip-local-name", "zip-overlap", "zip-two-directories", "zip-hidden-entry", …
// Signs: "zip-duplicate-name", "zip-prepended-data", "zip-trailing-data", and of archive_names.h.
void examine_zip(const Subject& file, Remarks& remarks);

}  // namespace weir
