#include "inspect/formats/seven_zip_header.h"

#include <algorithm>

namespace weir {
namespace {

// Property ids.
constexpr std::uint8_t kEnd = 0, kHeader = 1, kArchiveProperties = 2, kAdditionalStreams = 3,
                       kMainStreams = 4, kPackInfo = 6, kUnpackInfo = 7, kSubStreams = 8, kSize = 9,
                       kCrc = 10, kFolder = 11, kUnpackSizes = 12, kUnpackStreams = 13,
                       kEncodedHeader = 23;
constexpr std::uint64_t kMostCoders = 32, kMostStreams = 32, kMostFolders = 1U << 19;

class HeaderReader {
 public:
  explicit HeaderReader(Cursor in) : in_(in) {}

  std::optional<SevenZipStreams> read() {
    std::uint8_t id = in_.u8();
    if (id == kEncodedHeader) return streams();
    if (id != kHeader) return std::nullopt;
    id = in_.u8();
    if (id == kArchiveProperties) {
      skip_properties();
      id = in_.u8();
    }
    if (id == kAdditionalStreams) {
      if (!streams()) return std::nullopt;
      id = in_.u8();
    }
    if (id == kMainStreams) return streams();
    return in_.ok() ? std::optional(SevenZipStreams()) : std::nullopt;  // empty files only
  }

 private:
  std::uint64_t number() { return read_seven_zip_number(in_); }

  // A count of things that take at least `each` bits of what remains.
  std::optional<std::uint64_t> count(std::uint64_t each_bits) {
    const std::uint64_t value = number();
    if (in_.failed() || value > in_.remaining() * 8 / each_bits) return std::nullopt;
    return value;
  }

  void skip_properties() {
    while (in_.ok() && in_.u8() != kEnd) in_.skip(number());
  }

  std::optional<SevenZipStreams> streams() {
    SevenZipStreams result;
    result.begin = in_.position();
    std::uint8_t id = in_.u8();
    if (id == kPackInfo) {
      if (!pack_info(result)) return std::nullopt;
      id = in_.u8();
    }
    if (id == kUnpackInfo) {
      if (!unpack_info(result)) return std::nullopt;
      id = in_.u8();
    }
    result.end = in_.position() - 1;
    if (id == kSubStreams) {
      if (!sub_streams(result)) return std::nullopt;
      return result;  // what follows is not needed
    }
    return in_.ok() && id == kEnd ? std::optional(std::move(result)) : std::nullopt;
  }

  bool pack_info(SevenZipStreams& result) {
    result.packed_at = number();
    const auto packed = count(8);
    if (!packed) return false;
    std::uint8_t id = in_.u8();
    if (id == kSize) {
      for (std::uint64_t i = 0; i < *packed && in_.ok(); ++i) result.packed.push_back(number());
      id = in_.u8();
    }
    if (id == kCrc) {
      if (!digests(*packed)) return false;
      id = in_.u8();
    }
    return in_.ok() && id == kEnd;
  }

  bool unpack_info(SevenZipStreams& result) {
    if (in_.u8() != kFolder) return false;
    const auto folders = count(16);
    if (!folders || *folders > kMostFolders || in_.u8() != 0)
      return false;  // kept elsewhere: nobody writes that
    for (std::uint64_t i = 0; i < *folders; ++i) {
      auto one = folder();
      if (!one) return false;
      result.folders.push_back(std::move(*one));
    }
    if (in_.u8() != kUnpackSizes) return false;
    for (SevenZipFolder& one : result.folders) {
      for (std::uint64_t i = 0; i < one.outputs; ++i) one.unpacked.push_back(number());
    }
    std::uint8_t id = in_.u8();
    if (id == kCrc) {
      const auto found = digests(result.folders.size());
      if (!found) return false;
      for (std::size_t i = 0; i < found->size(); ++i) result.folders[i].crc = (*found)[i];
      id = in_.u8();
    }
    return in_.ok() && id == kEnd;
  }

  std::optional<SevenZipFolder> folder() {
    SevenZipFolder result;
    const std::uint64_t coders = number();
    if (coders == 0 || coders > kMostCoders) return std::nullopt;
    for (std::uint64_t i = 0; i < coders; ++i) {
      if (!coder(result)) return std::nullopt;
    }
    const std::uint64_t bonds = result.outputs - 1;
    if (result.inputs < bonds) return std::nullopt;
    for (std::uint64_t i = 0; i < bonds; ++i) {
      const std::uint64_t input = number(), output = number();
      result.bonds.push_back({input, output});
    }
    const std::uint64_t packed = result.inputs - bonds;
    for (std::uint64_t i = 0; packed > 1 && i < packed; ++i) {
      result.packed_inputs.push_back(number());
    }
    if (packed == 1) result.packed_inputs.push_back(free_input(result));
    return in_.ok() ? std::optional(std::move(result)) : std::nullopt;
  }

  // The only input that no bond feeds.
  static std::uint64_t free_input(const SevenZipFolder& folder) {
    std::uint64_t input = 0;
    while (std::ranges::find(folder.bonds, input, &SevenZipBond::input) != folder.bonds.end()) {
      ++input;
    }
    return input;
  }

  bool coder(SevenZipFolder& result) {
    const std::uint8_t flags = in_.u8();
    SevenZipCoder one;
    if ((flags & 0x0fU) > 8 || (flags & 0xc0U) != 0) return false;
    one.id = in_.take(flags & 0x0fU);
    for (const std::uint8_t byte : one.id) one.method = one.method << 8 | byte;
    const bool simple = (flags & 0x10U) == 0;
    one.inputs = simple ? 1 : number(), one.outputs = simple ? 1 : number();
    if (one.inputs == 0 || one.outputs == 0 || one.inputs > kMostStreams ||
        one.outputs > kMostStreams) {
      return false;
    }
    if ((flags & 0x20U) != 0) one.properties = in_.take(number());
    result.inputs += one.inputs, result.outputs += one.outputs;
    result.coders.push_back(one);
    return in_.ok();
  }

  bool sub_streams(SevenZipStreams& result) {
    if (in_.u8() != kUnpackStreams) return in_.ok();
    for (SevenZipFolder& one : result.folders) one.entries = number();
    return in_.ok();
  }

  // One for each of `most`, where it is defined.
  std::optional<std::vector<std::optional<std::uint32_t>>> digests(std::uint64_t most) {
    const bool all = in_.u8() != 0;
    if (in_.failed() || most > in_.remaining() * 8) return std::nullopt;
    const ByteView bits = all ? ByteView() : in_.take((most + 7) / 8);
    if (in_.failed()) return std::nullopt;
    std::vector<std::optional<std::uint32_t>> result;
    for (std::uint64_t i = 0; i < most && in_.ok(); ++i) {
      const bool defined = all || (bits[i / 8] & (0x80U >> (i % 8))) != 0;
      result.push_back(defined ? std::optional(in_.u32le()) : std::nullopt);
    }
    return in_.ok() ? std::optional(std::move(result)) : std::nullopt;
  }

  Cursor in_;
};

}  // namespace

const SevenZipCoder* SevenZipFolder::find(std::uint64_t method) const {
  const auto found = std::ranges::find(coders, method, &SevenZipCoder::method);
  return found == coders.end() ? nullptr : &*found;
}

std::uint64_t read_seven_zip_number(Cursor& in) {
  const std::uint8_t first = in.u8();
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (unsigned mask = 0x80; mask != 0; mask >>= 1, shift += 8) {
    if ((first & mask) == 0) return value | std::uint64_t{first & (mask - 1)} << shift;
    value |= std::uint64_t{in.u8()} << shift;
  }
  return value;
}

SevenZipHeaderKind seven_zip_header_kind(ByteView header) {
  if (header.empty()) return SevenZipHeaderKind::none;
  if (header[0] == kHeader) return SevenZipHeaderKind::plain;
  return header[0] == kEncodedHeader ? SevenZipHeaderKind::encoded : SevenZipHeaderKind::none;
}

std::optional<SevenZipStreams> read_seven_zip_streams(ByteView header) {
  return HeaderReader(Cursor(header)).read();
}

}  // namespace weir
