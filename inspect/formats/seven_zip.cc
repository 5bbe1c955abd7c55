#include "inspect/formats/seven_zip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <string>

#include "core/cursor.h"
#include "inspect/formats/archive_tally.h"
#include "inspect/formats/seven_zip_header.h"
#include "inspect/formats/seven_zip_unpack.h"

namespace weir {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMagic = "7z\xBC\xAF\x27\x1C";
constexpr std::uint64_t kMostHeader = 64U << 20;
constexpr int kDeepest = 4;  // a packed header holds a packed header

// What libarchive 3.6 unpacks: copy, LZMA, LZMA2, PPMd, deflate, bzip2; BCJ and BCJ2 and the branch
// filters of five processors, delta. Deflate64, Zstandard, ARM64, RISC-V and Swap it does not.
constexpr std::array<std::uint64_t, 15> kReadCoders{
    0x00,       0x03,       0x21,       0x030101,   0x030401,   0x040108,   0x040202,  0x03030103,
    0x0303011B, 0x03030205, 0x03030401, 0x03030501, 0x03030701, 0x03030805, 0x06F10701};

std::uint32_t crc_of(ByteView bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
}

bool is_blank(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

std::string hex_number(std::uint64_t value) {
  std::string text;
  for (; value != 0; value >>= 4) text.insert(text.begin(), "0123456789abcdef"[value & 15]);
  return text;
}

class SevenZip {
 public:
  SevenZip(const Subject& file, Remarks& remarks)
      : file_(file.bytes), name_(file.name), remarks_(remarks) {}

  void examine() {
    Cursor in(file_);
    in.skip(8);  // magic, version
    const std::uint32_t start_crc = in.u32le();
    const ByteView start = in.take(20);
    Cursor fields(start);
    const std::uint64_t offset = fields.u64le(), size = fields.u64le();
    const std::uint32_t header_crc = fields.u32le();
    if (in.failed()) return truncated("start header");
    // A writer that was interrupted never came back to fill it in.
    if (start_crc == 0 && is_blank(start)) return truncated("never finished");
    if (crc_of(start) != start_crc) return corrupt("start header");
    if (size == 0) return;
    if (offset > in.remaining() || size > in.remaining() - offset) return beyond();
    body_ = in.rest();
    if (size > kMostHeader) {
      return remarks_.unseen(Reason::unsupported, "7z-header-size",
                             std::to_string(size) + " bytes");
    }
    const ByteView header = body_.subspan(offset, size);
    if (crc_of(header) != header_crc) return corrupt("header");
    check_trailing(offset + size);
    read(header, 0);
  }

 private:
  void corrupt(std::string_view where) { remarks_.unseen(Reason::corrupt, "7z-corrupt", where); }
  void truncated(std::string_view where) {
    remarks_.unseen(Reason::truncated, "7z-truncated", where);
  }

  // The first of several volumes is cut at a size that a person chose; a download where it broke.
  void beyond() {
    const std::uint64_t size = file_.size();
    const bool chosen = size % 65536 == 0 || size % 100'000 == 0;
    if (chosen || name_.ends_with(".001")) {
      return remarks_.unseen(Reason::multi_volume, "7z-volume");
    }
    truncated("header");
  }

  void check_trailing(std::uint64_t end) {
    const ByteView behind = body_.subspan(end);
    constexpr std::size_t kLooked = 4096;
    if (!is_blank(behind.first(std::min(behind.size(), kLooked)))) {
      remarks_.sign("7z-trailing-data", 5, std::to_string(behind.size()) + " bytes");
    }
  }

  void read(ByteView header, int depth) {
    const auto kind = seven_zip_header_kind(header);
    const auto streams = read_seven_zip_streams(header);
    if (kind == SevenZipHeaderKind::none || !streams || depth > kDeepest) return corrupt("header");
    if (kind == SevenZipHeaderKind::plain) return judge(*streams);
    if (streams->folders.empty()) return corrupt("packed header");
    const SevenZipFolder& folder = streams->folders.front();
    if (folder.find(SevenZipMethod::kAes) != nullptr) {
      return remarks_.unseen(Reason::encrypted, "7z-aes256-header");
    }
    const ByteView packed = packed_bytes(*streams);
    const auto inner = unpack_seven_zip_folder(folder, packed, kMostHeader);
    if (!inner) return unreadable_header(folder);
    if (folder.crc && crc_of(*inner) != *folder.crc) return corrupt("packed header");
    read(*inner, depth + 1);
  }

  ByteView packed_bytes(const SevenZipStreams& streams) const {
    if (streams.packed.empty()) return {};
    Cursor in(body_);
    in.seek(streams.packed_at);
    return in.take(streams.packed.front());
  }

  void unreadable_header(const SevenZipFolder& folder) {
    for (const SevenZipCoder& coder : folder.coders) {
      const bool known = coder.method == SevenZipMethod::kLzma ||
                         coder.method == SevenZipMethod::kLzma2 ||
                         coder.method == SevenZipMethod::kCopy;
      if (!known) return remarks_.unseen(Reason::unsupported, "7z-header-coder");
    }
    corrupt("packed header");
  }

  void judge(const SevenZipStreams& streams) {
    ArchiveTally tally;
    for (const SevenZipFolder& folder : streams.folders) {
      // Sums of what a file claims may be anything: they only have to be in order.
      const std::uint64_t entries = std::min<std::uint64_t>(folder.entries, 1U << 30);
      tally.files += entries;
      if (folder.find(SevenZipMethod::kAes) != nullptr) {
        tally.encrypted += entries;
      } else {
        check_coders(folder);
      }
    }
    tally.report("7z-aes256", remarks_);
  }

  void check_coders(const SevenZipFolder& folder) {
    for (const SevenZipCoder& coder : folder.coders) {
      if (std::ranges::find(kReadCoders, coder.method) != kReadCoders.end()) continue;
      remarks_.unseen(Reason::unsupported, "7z-coder-" + hex_number(coder.method));
    }
  }

  ByteView file_, body_;
  std::string_view name_;
  Remarks& remarks_;
};

}  // namespace

void examine_seven_zip(const Subject& file, Remarks& remarks) {
  if (as_text(file.bytes).starts_with(kMagic)) SevenZip(file, remarks).examine();
}

}  // namespace weir
