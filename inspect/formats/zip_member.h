// Single members of a ZIP by name, for documents that say in one of them what the others are
// (APPNOTE 4.3). Reads the central directory as it stands, without judging it: zip_structure.h does
// that. Bounded by kMostEntries and by what the caller will take. Sans-io, any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace weir {

struct ZipMember {
  std::string_view name;  // in the file's bytes
  std::uint16_t method = 0;
  std::uint64_t packed = 0, size = 0, local = 0;
};

inline constexpr std::size_t kMostZipMembers = 1U << 18;

// Every member of the directory, until `visit` returns false. Nothing for what is no ZIP.
void visit_zip_members(ByteView file, const std::function<bool(const ZipMember&)>& visit);
// Its content, at most `most` bytes of it; nullopt: it cannot be read.
std::optional<std::vector<std::uint8_t>> read_zip_member(ByteView file, const ZipMember& member,
                                                         std::size_t most);

}  // namespace weir
