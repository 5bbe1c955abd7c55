#include "inspect/formats/pe_file.h"

#include <algorithm>

#include "core/cursor.h"

namespace weir {
namespace {

constexpr std::size_t kMostSections = 96;  // what the Windows loader takes
constexpr std::size_t kMostLibraries = 512, kMostFunctions = 8192, kMostName = 256;
constexpr std::size_t kMostResources = 2048, kMostResourceDepth = 3;
constexpr std::size_t kMostDebugEntries = 32;

std::string printable(ByteView bytes, std::size_t most) {
  std::string text;
  for (const std::uint8_t byte : bytes.first(std::min(bytes.size(), most))) {
    if (byte == 0) break;
    text += byte > 0x20 && byte < 0x7f ? static_cast<char>(byte) : '?';
  }
  return text;
}

std::size_t header_offset(ByteView bytes) {
  Cursor in(bytes);
  if (in.u16le() != 0x5a4d) return 0;
  in.seek(0x3c);
  const std::uint32_t offset = in.u32le();
  return in.ok() ? offset : 0;
}

// "Optional Header", both shapes.
bool read_optional(Cursor& in, std::size_t base, PeFile& file) {
  const std::uint16_t magic = in.u16le();
  if (magic != 0x10b && magic != 0x20b) return false;
  file.wide = magic == 0x20b;
  in.skip(14);
  file.entry = in.u32le();
  in.skip(file.wide ? 4 : 8);  // bases of code and of data
  in.skip(file.wide ? 8 : 4);  // image base
  in.skip(8 + 12 + 4 + 4);     // alignments, versions, Win32VersionValue, image size
  file.header_size = in.u32le();
  file.checksum_at = base + in.position();
  file.checksum = in.u32le();
  file.subsystem = in.u16le();
  in.skip(2U + 4U * (file.wide ? 8U : 4U) + 4U);  // stack and heap sizes, loader flags
  const std::uint32_t directories = in.u32le();
  if (in.failed()) return false;
  for (std::size_t i = 0; i < std::min<std::size_t>(directories, file.kDirectories); ++i) {
    const std::size_t at = base + in.position();
    const PeDirectory one{in.u32le(), in.u32le()};
    if (in.failed()) break;
    file.directories[i] = one;
    if (i == PeFile::kCertificates) file.certificates_at = at;
  }
  return true;
}

void read_sections(Cursor& in, std::size_t count, PeFile& file) {
  for (std::size_t i = 0; i < std::min(count, kMostSections); ++i) {
    PeSection section;
    section.name = printable(in.take(8), 8);
    section.virtual_size = in.u32le();
    section.address = in.u32le();
    section.raw_size = in.u32le();
    section.raw_offset = in.u32le();
    in.skip(12);
    section.flags = in.u32le();
    if (in.failed()) break;
    file.sections.push_back(std::move(section));
  }
  file.cut_sections = file.sections.size() < count;
}

std::string without_variant(std::string name) {
  if (name.size() > 4 && (name.back() == 'A' || name.back() == 'W')) name.pop_back();
  return name;
}

// One library's table of names (section "Import Lookup Table").
void read_functions(const PeFile& file, std::uint32_t table, PeImports& imports) {
  Cursor in(file.at(table));
  const std::uint64_t by_number = std::uint64_t{1} << (file.wide ? 63 : 31);
  while (imports.functions < kMostFunctions) {
    const std::uint64_t entry = file.wide ? in.u64le() : in.u32le();
    if (entry == 0 || in.failed()) return;
    ++imports.functions;
    if ((entry & by_number) != 0) continue;
    const ByteView hint_and_name = file.at(entry & 0x7fffffff);
    if (hint_and_name.size() < 3) continue;
    imports.names.push_back(without_variant(printable(hint_and_name.subspan(2), kMostName)));
  }
}

struct ResourceWalk {
  const PeFile& file;
  ByteView tree;
  std::vector<ByteView> found{};
  std::size_t steps = 0;

  void leaf(std::uint32_t offset) {
    Cursor in(tree);
    in.seek(offset);
    const std::uint32_t rva = in.u32le(), size = in.u32le();
    const ByteView data = in.ok() ? file.at(rva) : ByteView();
    if (!data.empty()) found.push_back(data.first(std::min<std::size_t>(data.size(), size)));
  }

  // Type, name, language: three levels, and no fourth.
  void folder(std::uint32_t offset, std::size_t depth) {
    constexpr std::uint32_t kSubfolder = 0x80000000;
    if (depth == kMostResourceDepth) return;
    Cursor in(tree);
    in.seek(offset);
    in.skip(12);
    const std::size_t entries = std::size_t{in.u16le()} + in.u16le();
    for (std::size_t i = 0; i < entries && ++steps <= kMostResources; ++i) {
      in.skip(4);
      const std::uint32_t to = in.u32le();
      if (in.failed()) return;
      if ((to & kSubfolder) != 0) {
        folder(to & ~kSubfolder, depth + 1);
      } else {
        leaf(to);
      }
    }
  }
};

}  // namespace

const PeSection* PeFile::section_at(std::uint64_t rva) const {
  const auto found =
      std::ranges::find_if(sections, [&](const auto& one) { return one.covers(rva); });
  return found == sections.end() ? nullptr : &*found;
}

ByteView PeFile::raw(const PeSection& section) const {
  if (section.raw_offset >= bytes.size()) return {};
  return bytes.subspan(section.raw_offset,
                       std::min<std::size_t>(section.raw_size, bytes.size() - section.raw_offset));
}

ByteView PeFile::at(std::uint64_t rva) const {
  const PeSection* section = section_at(rva);
  if (section == nullptr) return {};
  const ByteView data = raw(*section);
  const std::uint64_t inside = rva - section->address;
  return inside < data.size() ? data.subspan(static_cast<std::size_t>(inside)) : ByteView();
}

std::size_t PeFile::end_of_sections() const {
  std::uint64_t end = header_size;
  for (const PeSection& one : sections) {
    if (one.raw_size != 0) end = std::max(end, std::uint64_t{one.raw_offset} + one.raw_size);
  }
  return static_cast<std::size_t>(std::min<std::uint64_t>(end, bytes.size()));
}

bool starts_as_pe(ByteView bytes) {
  const std::size_t offset = header_offset(bytes);
  Cursor in(bytes);
  in.seek(offset);
  return offset != 0 && in.u32le() == 0x00004550;
}

std::optional<PeFile> read_pe(ByteView bytes) {
  if (!starts_as_pe(bytes)) return std::nullopt;
  PeFile file;
  file.bytes = bytes;
  Cursor in(bytes);
  in.seek(header_offset(bytes));
  in.skip(4);
  file.machine = in.u16le();
  const std::uint16_t sections = in.u16le();
  file.time_stamp = in.u32le();
  in.skip(8);
  const std::uint16_t optional_size = in.u16le();
  file.characteristics = in.u16le();
  const std::size_t base = in.position();
  Cursor optional = in.sub(optional_size);
  if (!read_optional(optional, base, file)) return std::nullopt;
  read_sections(in, sections, file);
  return file;
}

bool PeImports::has(std::string_view name) const {
  return std::ranges::find(names, name) != names.end();
}

PeImports read_pe_imports(const PeFile& file) {
  PeImports imports;
  const PeDirectory& directory = file.directories[PeFile::kImports];
  if (directory.address == 0) return imports;
  Cursor in(file.at(directory.address));
  while (imports.libraries < kMostLibraries) {
    const std::uint32_t lookup = in.u32le();
    in.skip(8);
    const std::uint32_t name = in.u32le(), addresses = in.u32le();
    if (in.failed()) return imports;
    imports.readable = true;
    if (name == 0) break;
    ++imports.libraries;
    read_functions(file, lookup != 0 ? lookup : addresses, imports);
  }
  return imports;
}

std::vector<ByteView> read_pe_resources(const PeFile& file) {
  const PeDirectory& directory = file.directories[PeFile::kResources];
  if (directory.address == 0) return {};
  ResourceWalk walk{.file = file, .tree = file.at(directory.address)};
  walk.folder(0, 0);
  return std::move(walk.found);
}

bool is_reproducible(const PeFile& file) {
  constexpr std::uint32_t kRepro = 16;
  const PeDirectory& directory = file.directories[PeFile::kDebug];
  Cursor in(file.at(directory.address));
  for (std::size_t i = 0; i < std::min<std::size_t>(directory.size / 28, kMostDebugEntries); ++i) {
    in.skip(12);
    if (in.u32le() == kRepro && in.ok()) return true;
    in.skip(12);
  }
  return false;
}

// The ones' complement sum of 16-bit words without the field itself, and the file's size.
std::uint32_t pe_checksum(const PeFile& file) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < file.bytes.size(); at += 2) {
    if (at == file.checksum_at || at == file.checksum_at + 2) continue;
    const unsigned high = at + 1 < file.bytes.size() ? file.bytes[at + 1] : 0U;
    sum += file.bytes[at] | high << 8;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint32_t>(sum + file.bytes.size());
}

}  // namespace weir
