#include "inspect/formats/zip_structure_layout.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "core/cursor.h"

namespace weir {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kEndBytes = 22, kMostComment = 0xffff;
// How far behind an archive that begins the file its end record is still looked for.
constexpr std::size_t kMostTrailing = 1U << 20;
constexpr std::size_t kMostEnds = 256;
constexpr std::size_t kMostPadding = 64 * 1024;

bool has_signature(ByteView file, std::uint64_t at, std::uint32_t signature) {
  return at < file.size() && Cursor(file.subspan(at)).u32le() == signature;
}

// Of several volumes only the last has an end record. What is no ZIP has those four bytes by
// chance, and then not a directory, or not exactly so much of one.
bool is_last_volume(ByteView file, const ZipEnd& end, bool begins) {
  if (end.at + kEndBytes + end.comment != file.size() || end.entries == 0) return false;
  if (end.entries_here > end.entries) return false;
  if (begins) return true;
  return end.size <= end.directory_end &&
         has_signature(file, end.directory_end - end.size, ZipSignature::kEntry);
}

ZipPlace place_of(ByteView file, const ZipEnd& end, bool begins) {
  using Kind = ZipPlace::Kind;
  ZipPlace place{.end = end, .two_answers = end.two_answers, .other_ends = {}};
  const bool fits = end.size <= end.directory_end;
  const std::uint64_t by_size = fits ? end.directory_end - end.size : 0;
  if (end.several_disks) {
    place.kind = is_last_volume(file, end, begins) ? Kind::several : Kind::none;
    return place;
  }
  if (end.directory_encrypted || has_signature(file, end.offset, ZipSignature::kArchiveExtra)) {
    place.kind = begins || end.directory_encrypted ? Kind::sealed : Kind::none;
    return place;
  }
  if (end.entries == 0 && end.size == 0) {
    place.kind = Kind::whole;
    place.directory = end.directory_end;
    place.shift = end.directory_end - std::min(end.offset, end.directory_end);
    return place;
  }
  const bool at_size = fits && has_signature(file, by_size, ZipSignature::kEntry);
  const bool at_offset =
      end.offset < end.directory_end && has_signature(file, end.offset, ZipSignature::kEntry);
  // The directory is before where its offset says: the archive's beginning is in another file, or,
  // when it is here, the offset is wrong.
  const bool early = at_size && end.offset > by_size;
  if (early && !begins && !at_offset) {
    place.kind = is_last_volume(file, end, begins) ? Kind::several : Kind::none;
    return place;
  }
  if (!at_size && !at_offset) return place;
  place.kind = Kind::whole;
  place.directory = at_size && !(early && at_offset) ? by_size : end.offset;
  place.shift = early ? 0 : place.directory - end.offset;
  place.two_directories = at_size && at_offset && by_size != end.offset;
  return place;
}

// Between entries there may be fillers: headers without a name and content (zipflinger writes
// them).
bool skip_filler(Cursor& in) {
  Cursor ahead = in;
  const auto local = read_zip_local(ahead);
  if (!local || !local->name.empty() || local->packed != 0) return false;
  in = ahead;
  return true;
}

bool begins_hidden_entry(Cursor in) {
  while (skip_filler(in)) {
  }
  const auto local = read_zip_local(in);
  return local && !local->name.empty() && local->method <= ZipMethod::kAes;
}

// With or without a signature, with sizes of 4 or 8 bytes (4.3.9).
bool hides_entry(ByteView gap, bool descriptor) {
  Cursor in(gap);
  if (begins_hidden_entry(in)) return true;
  if (!descriptor) return false;
  const std::uint64_t first = has_signature(gap, 0, ZipSignature::kDescriptor) ? 16 : 12;
  for (const std::uint64_t size : {first, first + 8}) {
    Cursor behind(gap);
    behind.skip(size);
    if (begins_hidden_entry(behind)) return true;
  }
  return false;
}

// Programs that unpack themselves, scripts with a ZIP behind them, Chrome extensions, fillers (see
// above; what is more than a filler is a hidden entry), a marker that single segments of a spanned
// archive begin with.
bool is_known_prefix(ByteView prefix) {
  constexpr std::array kKnown{"MZ"sv,
                              "\x7f"
                              "ELF"sv,
                              "#!"sv,
                              "Cr24"sv,
                              "PK00"sv,
                              "PK\x03\x04"sv,
                              "PK\x07\x08"sv,
                              "\xcf\xfa\xed\xfe"sv,
                              "\xca\xfe\xba\xbe"sv,
                              "\xce\xfa\xed\xfe"sv};
  return std::ranges::any_of(
      kKnown, [&](std::string_view one) { return as_text(prefix).starts_with(one); });
}

bool is_blank(ByteView bytes) {
  if (bytes.size() > kMostPadding) return false;
  return std::ranges::all_of(bytes, [](std::uint8_t byte) {
    return byte == 0 || byte == ' ' || byte == '\n' || byte == '\r' || byte == 0xff;
  });
}

bool is_inside(const std::vector<ZipExtent>& sorted, std::uint64_t at) {
  const auto behind = std::ranges::upper_bound(sorted, at, {}, &ZipExtent::begin);
  return behind != sorted.begin() && at < std::prev(behind)->end;
}

}  // namespace

ZipPlace find_zip_directory(ByteView file, bool begins) {
  ZipPlace found;
  if (file.size() < kEndBytes) return found;
  const std::size_t last = file.size() - kEndBytes;
  const std::size_t window = begins ? kMostTrailing : kMostComment;
  std::size_t seen = 0;
  for (std::size_t at = last + 1; at-- > last - std::min(last, window);) {
    if (file[at] != 'P' || !has_signature(file, at, ZipSignature::kEnd)) continue;
    if (++seen > kMostEnds) break;
    const auto end = read_zip_end(file, at);
    if (!end) continue;
    ZipPlace place = place_of(file, *end, begins);
    if (place.kind == ZipPlace::Kind::none) continue;
    if (found.kind == ZipPlace::Kind::none) {
      found = std::move(place);
    } else if (place.kind == ZipPlace::Kind::whole) {
      found.other_ends.push_back(at);
    }
  }
  if (seen > kMostEnds && found.kind == ZipPlace::Kind::none) found.kind = ZipPlace::Kind::lost;
  return found;
}

ZipLayout check_zip_layout(ByteView file, std::vector<ZipExtent>& extents, const ZipPlace& place) {
  std::ranges::sort(extents, {}, &ZipExtent::begin);
  ZipLayout layout;
  std::uint64_t reached = 0;
  bool descriptor = false;
  const auto look_between = [&](std::uint64_t end) {
    if (end > reached && hides_entry(file.subspan(reached, end - reached), descriptor)) {
      layout.hidden_entry = true;
    }
  };
  for (const ZipExtent& extent : extents) {
    layout.overlap |= extent.begin < reached;
    look_between(extent.begin);
    reached = std::max(reached, extent.end);
    descriptor = extent.descriptor;
  }
  layout.overlap |= reached > place.directory;
  look_between(place.directory);
  layout.second_directory = std::ranges::any_of(
      place.other_ends, [&](std::uint64_t end) { return !is_inside(extents, end); });
  const std::uint64_t first = extents.empty() ? place.shift : extents.front().begin;
  const ByteView prefix = file.first(first);
  layout.prepended = !prefix.empty() && !is_known_prefix(prefix) && !is_blank(prefix);
  const std::uint64_t behind = place.end.at + kEndBytes + place.end.comment;
  layout.trailing = behind < file.size() && !is_blank(file.subspan(behind));
  return layout;
}

}  // namespace weir
