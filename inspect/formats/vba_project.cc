#include "inspect/formats/vba_project.h"

#include <algorithm>
#include <bit>

#include "core/cursor.h"
#include "core/utf16.h"

namespace weir {
namespace {

constexpr std::size_t kChunk = 4096, kMostDir = 16U << 20, kMostPackedDir = 4U << 20;
constexpr std::uint16_t kProjectVersion = 0x09, kModuleName = 0x19, kModuleNameUnicode = 0x47,
                        kStreamName = 0x1a, kStreamNameUnicode = 0x32, kModuleOffset = 0x31,
                        kModuleEnd = 0x2b;

// 2.4.1.3.19.1: how the 16 bits of a copy are shared between length and distance depends on how
// much of the chunk there is.
struct Copy {
  std::size_t length, distance;
};
Copy read_copy(std::uint16_t token, std::size_t done) {
  const int bits = std::max(4, static_cast<int>(std::bit_width(done - 1)));
  return {(token & (0xffffU >> bits)) + 3, (std::size_t{token} >> (16 - bits)) + 1};
}

// One compressed chunk, added to `out`; false when it is broken.
bool unpack_chunk(Cursor in, std::vector<std::uint8_t>& out) {
  const std::size_t begin = out.size();
  while (!in.at_end()) {
    const std::uint8_t flags = in.u8();
    for (int bit = 0; bit < 8 && !in.at_end(); ++bit) {
      const std::size_t done = out.size() - begin;
      if (done >= kChunk) return true;
      if ((flags >> bit & 1) == 0) {
        out.push_back(in.u8());
        continue;
      }
      if (done == 0 || in.remaining() < 2) return false;
      const Copy copy = read_copy(in.u16le(), done);
      if (copy.distance > done) return false;
      const std::size_t length = std::min(copy.length, kChunk - done);
      for (std::size_t i = 0; i < length; ++i) out.push_back(out[out.size() - copy.distance]);
    }
  }
  return true;
}

// What the records about one module say, in any order that writers have used.
struct ModuleRecords {
  std::string name, stream;
  std::uint32_t offset = 0;
};

void finish(ModuleRecords& records, std::vector<ModuleRecords>& modules) {
  if (records.stream.empty()) records.stream = records.name;
  if (!records.stream.empty()) modules.push_back(records);
  records = {};
}

// 2.3.4.2: id, size and data, but for the version of the project, which is longer than it says.
std::vector<ModuleRecords> read_dir(ByteView dir) {
  std::vector<ModuleRecords> modules;
  ModuleRecords current;
  Cursor in(dir);
  while (in.remaining() >= 6 && modules.size() < VbaModule::kMost) {
    const std::uint16_t id = in.u16le();
    const std::uint32_t size = in.u32le();
    const ByteView data = in.take(size);
    switch (id) {
      case kProjectVersion: in.skip(2); break;
      case kModuleName:
        if (!current.name.empty() && !current.stream.empty()) finish(current, modules);
        current.name = as_text(data);
        break;
      case kModuleNameUnicode: current.name = utf8_from_utf16le(data); break;
      case kStreamName: current.stream = as_text(data); break;
      case kStreamNameUnicode: current.stream = utf8_from_utf16le(data); break;
      case kModuleOffset: current.offset = Cursor(data).u32le(); break;
      case kModuleEnd: finish(current, modules); break;
      default: break;
    }
  }
  if (!current.stream.empty()) finish(current, modules);
  return modules;
}

}  // namespace

std::optional<std::vector<std::uint8_t>> vba_decompress(ByteView packed, std::size_t most) {
  Cursor in(packed);
  if (in.u8() != 1) return std::nullopt;
  std::vector<std::uint8_t> out;
  while (in.remaining() >= 2 && out.size() < most) {
    const std::uint16_t head = in.u16le();
    const std::size_t size = std::min<std::size_t>((head & 0x0fffU) + 1, in.remaining());
    if ((head & 0x7000) != 0x3000) break;
    if ((head & 0x8000) != 0) {
      if (!unpack_chunk(in.sub(size), out)) break;
    } else {
      const ByteView raw = in.take(std::min(kChunk, in.remaining()));
      out.insert(out.end(), raw.begin(), raw.end());
    }
  }
  return out.empty() && packed.size() > 1 ? std::nullopt : std::optional(std::move(out));
}

std::vector<VbaModule> vba_modules(const CompoundFile& file) {
  std::vector<VbaModule> modules;
  for (const CompoundFile::Entry& entry : file.entries()) {
    if (!entry.stream || entry.orphan || !same_ignoring_case(entry.name, "dir")) continue;
    const auto dir = vba_decompress(file.read(entry, kMostPackedDir), kMostDir);
    if (!dir) continue;
    const std::string folder(folder_of(entry.path));
    for (const ModuleRecords& records : read_dir(*dir)) {
      const CompoundFile::Entry* stream = file.stream(folder + records.stream);
      if (stream == nullptr || modules.size() >= VbaModule::kMost) continue;
      modules.push_back(
          {records.name.empty() ? records.stream : records.name, stream, records.offset});
    }
  }
  return modules;
}

}  // namespace weir
