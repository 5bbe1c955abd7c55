#include "inspect/formats/embedded_check.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/cursor.h"

namespace weir {
namespace {

using namespace std::string_view_literals;

std::uint32_t crc_of(ByteView bytes) {
  return static_cast<std::uint32_t>(crc32(0, bytes.data(), static_cast<uInt>(bytes.size())));
}

bool begins(ByteView at, std::string_view magic) { return as_text(at).starts_with(magic); }

std::size_t all_if(bool holds, ByteView at) { return holds ? at.size() : 0; }

bool is_rar5(ByteView at) {
  Cursor in(at);
  in.skip(8);
  const std::uint32_t crc = in.u32le();
  const ByteView size = in.peek(1);  // of the header, a variable number of one byte here
  if (size.empty() || size[0] == 0 || size[0] >= 0x80) return false;
  const ByteView header = in.take(1U + size[0]);
  return in.ok() && crc_of(header) == crc;
}

bool is_rar4(ByteView at) {
  Cursor in(at);
  in.skip(7);
  const std::uint16_t crc = in.u16le();
  Cursor header = in;
  const std::uint8_t type = in.u8();
  in.skip(2);
  const std::uint16_t size = in.u16le();
  if (in.failed() || type != 0x73 || size < 13 || size > 64) return false;
  const ByteView covered = header.take(size - 2U);
  return header.ok() && (crc_of(covered) & 0xFFFF) == crc;
}

}  // namespace

// 7zFormat.txt: version 0.x, then a checksum over where the header is.
std::size_t seven_zip_extent(ByteView at) {
  if (!begins(at, "7z\xBC\xAF\x27\x1C")) return 0;
  Cursor in(at);
  in.skip(6);
  if (in.u8() != 0) return 0;
  in.skip(1);
  const std::uint32_t crc = in.u32le();
  const ByteView start = in.take(20);
  if (in.failed() || crc_of(start) != crc) return 0;
  Cursor header(start);
  const std::uint64_t offset = header.u64le(), size = header.u64le();
  const std::uint64_t rest = in.remaining();
  if (offset > rest || size > rest - offset) return at.size();  // cut off
  return static_cast<std::size_t>(32 + offset + size);
}

std::size_t rar_extent(ByteView at) {
  if (begins(at, "Rar!\x1A\x07\x01\0"sv)) return all_if(is_rar5(at), at);
  if (begins(at, "Rar!\x1A\x07\0"sv)) return all_if(is_rar4(at), at);
  return 0;
}

// [MS-CAB] 2.1
std::size_t cabinet_extent(ByteView at) {
  if (!begins(at, "MSCF\0\0\0\0"sv)) return 0;
  Cursor in(at);
  in.skip(8);
  const std::uint32_t size = in.u32le();
  in.skip(4);
  const std::uint32_t files_at = in.u32le();
  in.skip(4);
  const std::uint8_t minor = in.u8(), major = in.u8();
  const std::uint16_t folders = in.u16le(), files = in.u16le();
  const bool sane = in.ok() && major == 1 && minor <= 3 && folders > 0 && files > 0 &&
                    files_at >= 36 && files_at < size && size <= at.size();
  return sane ? size : 0;
}

// [MS-CFB] 2.2
std::size_t ole_extent(ByteView at) {
  if (!begins(at, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")) return 0;
  Cursor in(at);
  in.skip(26);
  const std::uint16_t major = in.u16le(), order = in.u16le(), shift = in.u16le();
  in.seek(48);
  const std::uint64_t directory = in.u32le();
  const bool sane = order == 0xFFFE && ((major == 3 && shift == 9) || (major == 4 && shift == 12));
  if (in.failed() || !sane) return 0;
  // The directory begins with the entry of the root (2.6.2): programs that write such files hold
  // the header alone.
  in.seek((directory + 1) << shift);
  return all_if(as_text(in.take(8)) == "R\0o\0o\0t\0"sv, at);
}

// PE format: the header, and as far as the sections go.
std::size_t pe_extent(ByteView at) {
  if (!begins(at, "MZ")) return 0;
  Cursor in(at);
  in.skip(60);
  in.seek(in.u32le());
  if (as_text(in.take(4)) != "PE\0\0"sv) return 0;
  const std::uint16_t machine = in.u16le(), sections = in.u16le();
  in.skip(12);
  const std::uint16_t optional = in.u16le();
  in.skip(2);
  const std::uint16_t magic = in.u16le();
  constexpr std::uint16_t kMachines[] = {0x14C, 0x8664, 0x1C0, 0x1C4, 0xAA64, 0x200};
  if (std::ranges::find(kMachines, machine) == std::end(kMachines)) return 0;
  const bool known = magic == 0x10B || magic == 0x20B;
  return all_if(in.ok() && known && sections > 0 && sections <= 96 && optional >= 96, at);
}

std::size_t elf_extent(ByteView at) {
  if (!begins(at,
              "\x7F"
              "ELF"))
    return 0;
  Cursor in(at);
  in.skip(4);
  const std::uint8_t bits = in.u8(), order = in.u8(), version = in.u8();
  in.seek(16);
  const auto half = [&] { return order == 1 ? in.u16le() : in.u16be(); };
  const std::uint16_t type = half(), machine = half();
  in.seek(bits == 1 ? 40 : 52);
  const std::uint16_t header = half(), program_header = half();
  const bool sizes = bits == 1 ? header == 52 && (program_header == 32 || program_header == 0)
                               : header == 64 && (program_header == 56 || program_header == 0);
  const bool sane = in.ok() && (bits == 1 || bits == 2) && (order == 1 || order == 2) &&
                    version == 1 && type >= 1 && type <= 3 && machine > 0 && machine < 512;
  return all_if(sane && sizes, at);
}

// ISO 32000-1 7.5.2: a version, and an object soon after.
std::size_t pdf_extent(ByteView at) {
  if (!begins(at, "%PDF-") || at.size() < 256) return 0;
  if ((at[5] != '1' && at[5] != '2') || at[6] != '.') return 0;
  const std::string_view head = as_text(at.first(std::min<std::size_t>(2048, at.size())));
  constexpr std::size_t kTail = 1U << 20;
  const std::string_view tail = as_text(at.last(std::min(kTail, at.size())));
  return all_if(
      head.find(" obj") != std::string_view::npos && tail.find("%%EOF") != std::string_view::npos,
      at);
}

// RFC 1952: the header, and that its first bytes can be inflated.
std::size_t gzip_extent(ByteView at) {
  if (!begins(at, "\x1F\x8B\x08") || at.size() < 20) return 0;
  constexpr std::uint8_t kReserved = 0xE0;
  if ((at[3] & kReserved) != 0 || (at[9] > 13 && at[9] != 255)) return 0;
  z_stream stream{};
  if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK) return 0;
  std::array<std::uint8_t, 4096> in{}, out{};
  const std::size_t size = std::min(in.size(), at.size());
  std::copy_n(at.begin(), size, in.begin());
  stream.next_in = in.data();
  stream.avail_in = static_cast<uInt>(size);
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = inflate(&stream, Z_SYNC_FLUSH);
  const bool some = stream.total_out > 0 || result == Z_STREAM_END;
  inflateEnd(&stream);
  return all_if((result == Z_OK || result == Z_STREAM_END) && some, at);
}

std::size_t bzip2_extent(ByteView at) {
  const bool holds = begins(at, "BZh") && at.size() > 14 && at[3] >= '1' && at[3] <= '9' &&
                     as_text(at.subspan(4, 6)) == "\x31\x41\x59\x26\x53\x59";
  return all_if(holds, at);
}

// The .xz File Format 2.1.1: flags and their checksum.
std::size_t xz_extent(ByteView at) {
  if (!begins(at,
              "\xFD"
              "7zXZ\0"sv))
    return 0;
  Cursor in(at);
  in.skip(6);
  const ByteView flags = in.take(2);
  const std::uint32_t crc = in.u32le();
  return all_if(in.ok() && crc_of(flags) == crc, at);
}

// RFC 8878 3.1.1: no reserved bit, a first block of a kind and size that exist.
std::size_t zstd_extent(ByteView at) {
  if (!begins(at, "\x28\xB5\x2F\xFD")) return 0;
  Cursor in(at);
  in.skip(4);
  const std::uint8_t descriptor = in.u8();
  constexpr std::uint8_t kReserved = 0x08, kSingle = 0x20;
  const bool single = (descriptor & kSingle) != 0;
  constexpr std::size_t kDictionary[] = {0, 1, 2, 4}, kContent[] = {0, 2, 4, 8};
  std::size_t content = kContent[descriptor >> 6];
  if (content == 0 && single) content = 1;
  in.skip((single ? 0U : 1U) + kDictionary[descriptor & 3U] + content);
  const std::uint32_t block = in.u16le() | static_cast<std::uint32_t>(in.u8()) << 16;
  constexpr std::uint32_t kLargest = 128 * 1024;
  const bool sane =
      (descriptor & kReserved) == 0 && (block >> 1 & 3) != 3 && block >> 3 <= kLargest;
  return all_if(in.ok() && sane, at);
}

bool is_local_header(ByteView at) {
  if (!begins(at, "PK\x03\x04")) return false;
  Cursor in(at);
  in.skip(4);
  const std::uint8_t version = in.u8();
  in.skip(1);
  const std::uint16_t flags = in.u16le(), method = in.u16le();
  in.seek(26);
  const std::uint16_t name = in.u16le(), extra = in.u16le();
  static_cast<void>(flags);
  return in.ok() && version <= 63 && method <= 99 && name > 0 && name <= 4096 &&
         in.remaining() >= std::size_t{name} + extra;
}

}  // namespace weir
