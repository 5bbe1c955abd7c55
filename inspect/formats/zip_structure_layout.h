// Where a ZIP's directory lies, and whether its entries fill the file before it without gap and
// overlap (APPNOTE 6.3.10, 4.3.1 and 4.3.16). Used by zip_structure.cc only. Sans-io, any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/bytes.h"
#include "inspect/formats/zip_structure_records.h"

namespace weir {

struct ZipPlace {
  enum class Kind : std::uint8_t {
    none,     // no end record whose directory is there
    whole,    // all is in this file
    several,  // the last of several volumes
    sealed,   // the directory is encrypted
    lost,     // too many end records, and the first of them lead nowhere
  };
  Kind kind = Kind::none;
  ZipEnd end;
  std::uint64_t directory = 0;  // of the first entry, in this file
  std::uint64_t shift = 0;      // bytes before the archive that its offsets do not count
  bool two_directories = false, two_answers = false;
  std::vector<std::uint64_t> other_ends;  // end records before it whose directory is there, too
};

// The last end record that leads to a directory. `begins`: the file begins like a ZIP, so that it
// is worth looking for an end record far from the end.
ZipPlace find_zip_directory(ByteView file, bool begins);

// An entry's local header and data. `descriptor`: one follows.
struct ZipExtent {
  std::uint64_t begin = 0, end = 0;
  bool descriptor = false;
};

struct ZipLayout {
  bool overlap = false;           // entries share bytes, with each other or with the directory
  bool second_directory = false;  // an end record of other_ends is in no entry's data
  bool hidden_entry = false;      // a local header that the directory does not have
  bool prepended = false, trailing = false;  // data that is no program and not blank
};
// Sorts the extents.
ZipLayout check_zip_layout(ByteView file, std::vector<ZipExtent>& extents, const ZipPlace& place);

}  // namespace weir
