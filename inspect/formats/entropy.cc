#include "inspect/formats/entropy.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/cursor.h"
#include "inspect/formats/openpgp_packets.h"

namespace weir {
namespace {

constexpr std::size_t kSmallest = 64 * 1024;
constexpr std::size_t kWindow = 4096, kWindows = 256;
constexpr std::uint8_t kScore = 60;

class ByteCounts {
 public:
  void add(ByteView bytes) {
    for (const std::uint8_t byte : bytes) ++counts_[byte];
    total_ += bytes.size();
  }
  double chi_square() const {
    const double expected = static_cast<double>(total_) / 256;
    double sum = 0;
    for (const std::uint64_t count : counts_) {
      const double off = static_cast<double>(count) - expected;
      sum += off * off / expected;
    }
    return sum;
  }
  // Mean 255, standard deviation 22.6: four deviations to either side.
  bool uniform() const {
    constexpr double kLow = 255 - 90, kHigh = 255 + 95;
    const double value = chi_square();
    return total_ >= kWindow && value > kLow && value < kHigh;
  }

 private:
  std::array<std::uint64_t, 256> counts_{};
  std::uint64_t total_ = 0;
};

// How often two neighbours have the same high bits is even as well; range coders and dictionaries
// with flags leave traces there.
bool pairs_uniform(ByteView bytes) {
  ByteCounts counts;
  std::array<std::uint8_t, kWindow> mixed{};
  for (std::size_t at = 0; at + kWindow < bytes.size(); at += kWindow) {
    for (std::size_t i = 0; i < kWindow; ++i) {
      mixed[i] = static_cast<std::uint8_t>((bytes[at + i] & 0xF0) | bytes[at + i + 1] >> 4);
    }
    counts.add(mixed);
  }
  return counts.uniform();
}

bool is_name_like(std::uint8_t c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         c == ' ' || c == '-' || c == '.' || c == '\n';
}

// A header, however short: letters or zeros in a row, the same bytes again.
bool begins_with_header(ByteView file) {
  const ByteView head = file.first(32);
  std::array<bool, 256> seen{};
  int letters = 0, zeros = 0, distinct = 0;
  for (std::size_t i = 0; i < head.size(); ++i) {
    const std::uint8_t byte = head[i];
    letters = is_name_like(byte) ? letters + 1 : 0;
    zeros = byte == 0 || byte == 0xFF ? zeros + 1 : 0;
    if (letters >= (i < 8 ? 4 : 7) || zeros >= 2) return true;
    if (!seen[byte]) ++distinct;
    seen[byte] = true;
  }
  constexpr int kFewest = 25;  // 30 on average
  return distinct < kFewest;
}

// Beginnings of two or three bytes that promise a compressed stream or sound.
bool has_short_magic(ByteView file) {
  Cursor in(file);
  const std::uint16_t first = in.u16be();
  const bool zlib = (first >> 8 == 0x78 || first >> 8 == 0x58 || first >> 8 == 0x68) &&
                    first % 31 == 0;                               // RFC 1950
  const bool lzma = first >> 8 == 0x5D;                            // LZMA alone
  const bool gzip = first == 0x1F8B, sound = first >> 4 == 0xFFF;  // MPEG audio, ADTS
  return zlib || lzma || gzip || sound;
}

ByteCounts sampled(ByteView file) {
  ByteCounts counts;
  const std::size_t windows = std::min(kWindows, file.size() / kWindow);
  const std::size_t step = (file.size() - kWindow) / std::max<std::size_t>(windows - 1, 1);
  for (std::size_t i = 0; i < windows; ++i) counts.add(file.subspan(i * step, kWindow));
  return counts;
}

}  // namespace

bool looks_uniform(ByteView bytes) {
  ByteCounts counts;
  counts.add(bytes);
  return counts.uniform();
}

void examine_entropy(const Subject& file, Remarks& remarks) {
  const ByteView bytes = file.bytes;
  if (file.type != FileType::unknown || bytes.size() < kSmallest) return;
  if (begins_with_header(bytes) || has_short_magic(bytes)) return;
  if (!looks_uniform(bytes.first(kWindow)) || !looks_uniform(bytes.last(kWindow))) return;
  const ByteCounts counts = sampled(bytes);
  if (!counts.uniform() || !pairs_uniform(bytes.first(kSmallest))) return;
  if (classify_pgp(bytes, PgpExtent::whole).kind != PgpKind::none) return;
  remarks.sign("headerless-high-entropy", kScore,
               "chi-square " + std::to_string(counts.chi_square()));
}

}  // namespace weir
