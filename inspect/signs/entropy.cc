#include "inspect/signs/entropy.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace weir {
namespace {

constexpr std::size_t kPieces = 16, kPiece = 64 * 1024;

struct Histogram {
  std::array<std::uint64_t, 256> count{};
  std::uint64_t total = 0;

  void add(ByteView bytes) {
    for (const std::uint8_t byte : bytes) ++count[byte];
    total += bytes.size();
  }
};

}  // namespace

double entropy_of(ByteView bytes) {
  Histogram seen;
  if (bytes.size() <= kPieces * kPiece) {
    seen.add(bytes);
  } else {
    const std::size_t stride = (bytes.size() - kPiece) / (kPieces - 1);
    for (std::size_t i = 0; i < kPieces; ++i) seen.add(bytes.subspan(i * stride, kPiece));
  }
  double entropy = 0;
  for (const std::uint64_t count : seen.count) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(seen.total);
    entropy -= share * std::log2(share);
  }
  return entropy;
}

std::string entropy_text(double entropy) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", entropy);
  return text.data();
}

}  // namespace weir
