// Places within a file where another one begins: a few strong magics, each with a check of the
// fields behind it, so that a program which merely contains the magic is not taken for an archive.
// One pass over the bytes, whose cost does not depend on them; what a start needs beyond that (the
// ends of ZIPs) is collected once. Sans-io, any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace weir {

struct EmbeddedStart {
  std::size_t offset = 0;
  std::size_t size = 0;        // up to its end where the format tells, else to the file's end
  std::string_view extension;  // "zip", "7z", "exe", …
};

// Which kinds of beginnings are looked for.
struct EmbeddedKinds {
  bool archives = true;    // zip, 7z, rar, cab, ole
  bool streams = false;    // gzip, bzip2, xz, zstd: not in programs
  bool programs = false;   // PE and ELF: not in programs
  bool documents = false;  // PDF: not in text, where it is an example
};

// In order, not overlapping, at most `most`; never at offset 0.
std::vector<EmbeddedStart> find_embedded(ByteView file, EmbeddedKinds kinds, std::size_t most);

// The offset where the ZIP begins whose end record closes the file; npos if none does.
std::size_t start_of_closing_zip(ByteView file);

}  // namespace weir
