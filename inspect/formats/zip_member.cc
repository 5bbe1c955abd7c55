#include "inspect/formats/zip_member.h"

#include <zlib.h>

#include <algorithm>
#include <memory>

#include "core/cursor.h"

namespace weir {
namespace {

constexpr std::uint32_t kLocal = 0x04034b50, kEntry = 0x02014b50, kEnd = 0x06054b50,
                        kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr std::size_t kEndBytes = 22, kLocatorBytes = 20, kMostComment = 0xffff;
constexpr std::uint32_t kUnset32 = 0xffffffff;
constexpr std::uint16_t kExtraZip64 = 1, kStored = 0, kDeflated = 8;

struct Directory {
  std::uint64_t at = 0, shift = 0;  // shift: bytes before the archive that offsets do not count
};

struct EndInflate {
  void operator()(z_stream* stream) const {
    inflateEnd(stream);
    delete stream;  // NOLINT(cppcoreguidelines-owning-memory): made by make_unique
  }
};

std::optional<Directory> end64(ByteView file, std::size_t end) {
  if (end < kLocatorBytes) return std::nullopt;
  Cursor locator(file.subspan(end - kLocatorBytes));
  if (locator.u32le() != kLocator64) return std::nullopt;
  locator.skip(4);
  Cursor in(file);
  in.seek(locator.u64le());
  if (in.u32le() != kEnd64) return std::nullopt;
  in.skip(8 + 2 + 2 + 4 + 4 + 8 + 8 + 8);
  return Directory{in.u64le(), 0};
}

std::optional<Directory> directory_from(ByteView file, std::size_t end) {
  Cursor in(file.subspan(end));
  if (in.u32le() != kEnd) return std::nullopt;
  in.skip(8);
  const std::uint64_t size = in.u32le(), offset = in.u32le();
  if (in.failed()) return std::nullopt;
  if (offset == kUnset32) return end64(file, end);
  if (size > end || offset > end - size) return std::nullopt;
  return Directory{end - size, end - size - offset};
}

std::optional<Directory> find_directory(ByteView file) {
  if (file.size() < kEndBytes) return std::nullopt;
  const std::size_t last = file.size() - kEndBytes;
  const std::size_t first = last > kMostComment ? last - kMostComment : 0;
  for (std::size_t at = last + 1; at-- > first;) {
    if (file[at] != 'P') continue;
    if (const auto found = directory_from(file, at)) return found;
  }
  return std::nullopt;
}

// What does not fit is in the extra field, in this order (4.5.3).
void widen(ZipMember& member, Cursor extra) {
  while (extra.remaining() >= 4) {
    const std::uint16_t id = extra.u16le();
    Cursor field = extra.sub(extra.u16le());
    if (id != kExtraZip64) continue;
    if (member.size == kUnset32) member.size = field.u64le();
    if (member.packed == kUnset32) member.packed = field.u64le();
    if (member.local == kUnset32) member.local = field.u64le();
    return;
  }
}

std::optional<ZipMember> read_entry(Cursor& in, std::uint64_t shift) {
  if (in.u32le() != kEntry) return std::nullopt;
  in.skip(2 + 2 + 2);
  ZipMember member;
  member.method = in.u16le();
  in.skip(4 + 4);
  member.packed = in.u32le();
  member.size = in.u32le();
  const std::uint16_t name = in.u16le(), extra = in.u16le(), comment = in.u16le();
  in.skip(2 + 2 + 4);
  member.local = in.u32le();
  member.name = as_text(in.take(name));
  widen(member, in.sub(extra));
  in.skip(comment);
  member.local += shift;
  return in.ok() ? std::optional(member) : std::nullopt;
}

std::optional<std::vector<std::uint8_t>> inflate_all(ByteView packed, std::size_t most) {
  auto made = std::make_unique<z_stream>();
  if (inflateInit2(made.get(), -MAX_WBITS) != Z_OK) return std::nullopt;
  const std::unique_ptr<z_stream, EndInflate> stream(made.release());
  stream->next_in = const_cast<Bytef*>(packed.data());  // NOLINT: zlib does not write there
  stream->avail_in = static_cast<uInt>(std::min<std::size_t>(packed.size(), 1U << 30));
  std::vector<std::uint8_t> out;
  int status = Z_OK;
  while (status == Z_OK && out.size() < most) {
    const std::size_t had = out.size(), room = std::min<std::size_t>(64 * 1024, most - had);
    out.resize(had + room);
    stream->next_out = out.data() + had;
    stream->avail_out = static_cast<uInt>(room);
    status = inflate(stream.get(), Z_NO_FLUSH);
    out.resize(had + room - stream->avail_out);
    if (out.size() == had && status == Z_OK) break;
  }
  const bool good = status == Z_STREAM_END || status == Z_OK || status == Z_BUF_ERROR;
  return good ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace

void visit_zip_members(ByteView file, const std::function<bool(const ZipMember&)>& visit) {
  const auto directory = find_directory(file);
  if (!directory) return;
  Cursor in(file);
  in.seek(directory->at);
  for (std::size_t i = 0; i < kMostZipMembers; ++i) {
    const auto member = read_entry(in, directory->shift);
    if (!member || !visit(*member)) return;
  }
}

std::optional<std::vector<std::uint8_t>> read_zip_member(ByteView file, const ZipMember& member,
                                                         std::size_t most) {
  Cursor in(file);
  in.seek(member.local);
  if (in.u32le() != kLocal) return std::nullopt;
  in.skip(2 + 2 + 2 + 4 + 4 + 4 + 4);
  const std::uint16_t name = in.u16le(), extra = in.u16le();
  in.skip(name);
  in.skip(extra);
  const ByteView packed = in.take(member.packed);
  if (in.failed()) return std::nullopt;
  if (member.method == kDeflated) return inflate_all(packed, most);
  if (member.method != kStored) return std::nullopt;
  const ByteView taken = packed.first(std::min(packed.size(), most));
  return std::vector<std::uint8_t>(taken.begin(), taken.end());
}

}  // namespace weir
