// The structure of a Windows program: headers, sections, imports, resources (Microsoft PE Format,
// "PE Format" of the Windows App Development documentation). Views point into the bytes given;
// everything read is bounded, and what lies outside the file is left out. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"

namespace weir {

struct PeSection {
  static constexpr std::uint32_t kCode = 0x20, kExecute = 0x20000000, kWrite = 0x80000000;

  std::string name;  // printable ASCII only, at most 8
  std::uint32_t address = 0, virtual_size = 0;
  std::uint32_t raw_offset = 0, raw_size = 0;
  std::uint32_t flags = 0;

  bool executable() const { return (flags & kExecute) != 0; }
  bool writable() const { return (flags & kWrite) != 0; }
  // Size in memory; linkers that leave it 0 mean the raw size.
  std::uint32_t extent() const { return virtual_size != 0 ? virtual_size : raw_size; }
  bool covers(std::uint64_t rva) const {
    return rva >= address && rva < std::uint64_t{address} + extent();
  }
};

struct PeDirectory {
  std::uint32_t address = 0, size = 0;  // of `certificates` the address is a file offset
};

struct PeFile {
  enum DirectoryIndex : std::uint8_t {
    kImports = 1,
    kResources = 2,
    kCertificates = 4,
    kDebug = 6,
    kDotnet = 14,
    kDirectories = 16,
  };

  ByteView bytes;
  std::uint16_t machine = 0, characteristics = 0, subsystem = 0;
  std::uint32_t time_stamp = 0, entry = 0, header_size = 0;
  std::uint32_t checksum = 0;
  std::size_t checksum_at = 0;      // file offset of that field
  bool wide = false;                // PE32+
  std::size_t certificates_at = 0;  // file offset of that directory's entry; 0: there is none
  std::array<PeDirectory, kDirectories> directories{};
  std::vector<PeSection> sections{};
  bool cut_sections = false;  // the headers promise more sections than there are

  static constexpr std::uint16_t kDll = 0x2000;
  bool is_dll() const { return (characteristics & kDll) != 0; }
  // EFI programs and drivers run outside Windows and have no imports.
  bool is_efi() const { return subsystem >= 10 && subsystem <= 13; }

  const PeSection* section_at(std::uint64_t rva) const;
  ByteView raw(const PeSection& section) const;
  // From an address in memory to the end of what its section has in the file; may be empty.
  ByteView at(std::uint64_t rva) const;
  // Where the last section's bytes end: what follows is overlay.
  std::size_t end_of_sections() const;
};

// nullopt when the bytes are no PE program: no MZ, no "PE" where it points, no optional header.
std::optional<PeFile> read_pe(ByteView bytes);
bool starts_as_pe(ByteView bytes);  // the same cheaply: MZ that points at "PE"

struct PeImports {
  std::size_t libraries = 0, functions = 0;
  std::vector<std::string> names;  // of functions, without the A or W at the end; by name only
  bool readable = false;           // there is a directory and it could be read

  bool has(std::string_view name) const;
};
PeImports read_pe_imports(const PeFile& file);

// The data of all resources, in the order of the tree.
std::vector<ByteView> read_pe_resources(const PeFile& file);

// Whether the linker made a time stamp that is a digest (IMAGE_DEBUG_TYPE_REPRO).
bool is_reproducible(const PeFile& file);

// The sum that the header's CheckSum field should hold.
std::uint32_t pe_checksum(const PeFile& file);

}  // namespace weir
