// VBA macros in a compound file ([MS-OVBA]): which streams are modules, and their source text,
// which is compressed in chunks of 4096 bytes. A module whose source cannot be found says so, and
// the stream itself can still be given. Bounded by what is there and kMostModules. Sans-io, one
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "inspect/formats/compound_file.h"

namespace weir {

struct VbaModule {
  static constexpr std::size_t kMost = 1U << 16;
  std::string name;                             // UTF-8 or as stored
  const CompoundFile::Entry* stream = nullptr;  // of the compound file
  std::uint32_t source_at = 0;                  // where in the stream the source begins
};

// The modules of every project in the file, found by its stream "dir" (2.3.4.2).
std::vector<VbaModule> vba_modules(const CompoundFile& file);

// 2.4.1: one chunk after the other. nullopt: not such a container, or broken at its very start.
std::optional<std::vector<std::uint8_t>> vba_decompress(ByteView packed, std::size_t most);

}  // namespace weir
