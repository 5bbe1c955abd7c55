#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/cursor.h"
#include "inspect/signs/entropy.h"
#include "inspect/signs/signs.h"

// Executable and Linkable Format: System V gABI, chapters 4 and 5.
namespace weir {
namespace {

constexpr std::size_t kMostSegments = 64, kMostSections = 4096;
constexpr double kPackedEntropy = 7.3;
constexpr std::size_t kEnoughForEntropy = 4096;
constexpr std::size_t kStub = 8192;  // no program of a compiler and a C library is smaller

enum SegmentType : std::uint8_t { kLoad = 1, kDynamic = 2, kInterpreter = 3 };
constexpr std::uint32_t kGnuStack = 0x6474e551;
constexpr std::uint32_t kExecute = 1, kWrite = 2;

struct Segment {
  std::uint32_t type = 0, flags = 0;
  std::uint64_t offset = 0, address = 0, physical = 0, file_size = 0, memory_size = 0;

  bool loads() const { return type == kLoad; }
  bool executable() const { return (flags & kExecute) != 0; }
  bool writable() const { return (flags & kWrite) != 0; }
  // Kernels have physical entry points.
  bool covers(std::uint64_t where) const {
    return (where >= address && where - address < memory_size) ||
           (where >= physical && where - physical < memory_size);
  }
};

struct Elf {
  ByteView bytes;
  bool wide = false, big = false;
  std::uint16_t type = 0;
  std::uint64_t entry = 0, segment_table = 0, section_table = 0;
  std::uint16_t segment_size = 0, segment_count = 0, section_size = 0, section_count = 0;
  std::vector<Segment> segments{};
  bool symbols = false;

  // Shared libraries and programs, not object files and core dumps.
  bool runs() const { return type == 2 || type == 3; }
  bool has(std::uint32_t segment_type) const {
    return std::ranges::find(segments, segment_type, &Segment::type) != segments.end();
  }
};

// Numbers in the file's byte order and width.
class Fields {
 public:
  Fields(const Elf& elf, std::uint64_t at) : in_(elf.bytes), big_(elf.big), wide_(elf.wide) {
    in_.seek(at);
  }
  std::uint16_t half() { return big_ ? in_.u16be() : in_.u16le(); }
  std::uint32_t word() { return big_ ? in_.u32be() : in_.u32le(); }
  std::uint64_t address() {
    if (!wide_) return word();
    return big_ ? in_.u64be() : in_.u64le();
  }
  bool ok() const { return in_.ok(); }

 private:
  Cursor in_;
  bool big_, wide_;
};

void read_segments(Elf& elf) {
  for (std::size_t i = 0; i < std::min<std::size_t>(elf.segment_count, kMostSegments); ++i) {
    Fields in(elf, elf.segment_table + i * elf.segment_size);
    Segment one;
    one.type = in.word();
    if (elf.wide) one.flags = in.word();
    one.offset = in.address();
    one.address = in.address();
    one.physical = in.address();
    one.file_size = in.address();
    one.memory_size = in.address();
    if (!elf.wide) one.flags = in.word();
    if (in.ok()) elf.segments.push_back(one);
  }
}

// Whether a symbol table for linking is there (SHT_SYMTAB): `strip` takes it away.
bool has_symbols(const Elf& elf) {
  for (std::size_t i = 0; i < std::min<std::size_t>(elf.section_count, kMostSections); ++i) {
    Fields in(elf, elf.section_table + i * elf.section_size);
    in.word();
    if (in.word() == 2 && in.ok()) return true;
  }
  return false;
}

std::optional<Elf> read_elf(ByteView bytes) {
  if (!as_text(bytes.first(std::min<std::size_t>(bytes.size(), 4)))
           .starts_with("\x7f"
                        "ELF")) {
    return std::nullopt;
  }
  if (bytes.size() < 52) return std::nullopt;
  Elf elf{.bytes = bytes, .wide = bytes[4] == 2, .big = bytes[5] == 2};
  Fields in(elf, 16);
  elf.type = in.half();
  in.half();
  in.word();
  elf.entry = in.address();
  elf.segment_table = in.address();
  elf.section_table = in.address();
  in.word();
  in.half();
  elf.segment_size = in.half();
  elf.segment_count = in.half();
  elf.section_size = in.half();
  elf.section_count = in.half();
  if (!in.ok()) return std::nullopt;
  // Offsets near 2^64 would wrap around; nothing is there.
  if (elf.segment_table < bytes.size()) read_segments(elf);
  if (elf.section_table < bytes.size()) elf.symbols = has_symbols(elf);
  return elf;
}

ByteView contents(const Elf& elf, const Segment& segment) {
  if (segment.offset >= elf.bytes.size()) return {};
  const auto offset = static_cast<std::size_t>(segment.offset);
  return elf.bytes.subspan(offset, static_cast<std::size_t>(std::min<std::uint64_t>(
                                       segment.file_size, elf.bytes.size() - offset)));
}

// The packer's header follows the program headers and its trailer ends the file.
bool packed_by_upx(ByteView bytes) {
  constexpr std::size_t kNear = 1024;
  const std::size_t near = std::min(bytes.size(), kNear);
  return as_text(bytes.first(near)).find("UPX!") != std::string_view::npos ||
         as_text(bytes.last(near)).find("UPX!") != std::string_view::npos;
}

struct Summary {
  bool self_modifying = false, packed = false;
};

Summary look_at_segments(const Elf& elf, Remarks& remarks) {
  Summary seen;
  for (const Segment& one : elf.segments) {
    if (one.type == kGnuStack && one.executable()) remarks.sign("elf-executable-stack", 3);
    if (!one.loads() || !one.executable()) continue;
    if (one.writable()) {
      seen.self_modifying = true;
      remarks.sign("elf-writable-code", 10);
    }
    const ByteView code = contents(elf, one);
    const double entropy = code.size() >= kEnoughForEntropy ? entropy_of(code) : 0;
    if (entropy < kPackedEntropy) continue;
    seen.packed = true;
    remarks.sign("elf-packed-code", 15, "entropy " + entropy_text(entropy));
  }
  return seen;
}

void look_at_entry(const Elf& elf, Remarks& remarks) {
  const bool program = elf.type == 2 || elf.has(kInterpreter);
  if (!program || elf.entry == 0 || elf.segments.empty()) return;
  const bool inside = std::ranges::any_of(elf.segments, [&](const Segment& one) {
    return one.loads() && one.executable() && one.covers(elf.entry);
  });
  if (!inside) remarks.sign("elf-entry-outside-code", 20);
}

}  // namespace

void examine_elf(const Subject& subject, Remarks& remarks) {
  const std::optional<Elf> elf = read_elf(subject.bytes);
  if (!elf || !elf->runs() || elf->segments.empty()) return;
  const bool upx = packed_by_upx(subject.bytes);
  const bool bare = elf->section_count == 0;
  const bool linked = elf->has(kDynamic) || elf->has(kInterpreter);
  if (upx) remarks.sign("elf-upx", 15);
  if (bare) remarks.sign("elf-no-sections", upx ? 5 : 15);
  const Summary seen = look_at_segments(*elf, remarks);
  look_at_entry(*elf, remarks);
  if (!linked && !bare && !elf->symbols) remarks.sign("elf-static-stripped", 3);
  if (bare && !linked && !upx && subject.bytes.size() < kStub) {
    remarks.sign("elf-stub", seen.self_modifying ? 30 : 20,
                 std::to_string(subject.bytes.size()) + " bytes");
  }
  if (bare && seen.packed && !upx) remarks.sign("elf-hidden-code", 20);
}

}  // namespace weir
