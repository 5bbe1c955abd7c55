#include "inspect/formats/seven_zip_unpack.h"

#include <lzma.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <memory>

namespace weir {
namespace {

// More than LZMA can do: what claims it would only make us allocate.
constexpr std::uint64_t kMostRatio = 10'000;

struct FreeOptions {
  void operator()(void* options) const { ::free(options); }
};

using Options = std::unique_ptr<void, FreeOptions>;

// The dictionary can be no larger than what comes out: hostile properties must not allocate 4 GiB.
Options options_of(const SevenZipCoder& coder, lzma_vli id, std::uint64_t size) {
  lzma_filter filter{id, nullptr};
  if (lzma_properties_decode(&filter, nullptr, coder.properties.data(), coder.properties.size()) !=
      LZMA_OK) {
    return nullptr;
  }
  Options options(filter.options);
  auto* lzma = static_cast<lzma_options_lzma*>(filter.options);
  const auto needed = static_cast<std::uint32_t>(std::max<std::uint64_t>(size, LZMA_DICT_SIZE_MIN));
  lzma->dict_size = std::min(lzma->dict_size, needed);
  return options;
}

// LZMA streams of 7z have no end mark: they end when the output is full.
bool decode(ByteView packed, const lzma_filter* filters, std::vector<std::uint8_t>& out) {
  struct End {
    void operator()(lzma_stream* stream) const { lzma_end(stream); }
  };
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_raw_decoder(&stream, filters) != LZMA_OK) return false;
  const std::unique_ptr<lzma_stream, End> ends(&stream);
  stream.next_in = packed.data();
  stream.avail_in = packed.size();
  stream.next_out = out.data();
  stream.avail_out = out.size();
  lzma_ret result = LZMA_OK;
  while (result == LZMA_OK && stream.avail_out != 0) result = lzma_code(&stream, LZMA_RUN);
  return stream.avail_out == 0;
}

}  // namespace

std::optional<std::vector<std::uint8_t>> unpack_seven_zip_folder(const SevenZipFolder& folder,
                                                                 ByteView packed,
                                                                 std::uint64_t most) {
  if (folder.coders.size() != 1 || folder.unpacked.size() != 1) return std::nullopt;
  const std::uint64_t size = folder.unpacked[0];
  const SevenZipCoder& coder = folder.coders[0];
  if (size > most || size == 0 || size / kMostRatio > packed.size()) return std::nullopt;
  if (coder.method == SevenZipMethod::kCopy) {
    if (size != packed.size()) return std::nullopt;
    return std::vector<std::uint8_t>(packed.begin(), packed.end());
  }
  const bool lzma2 = coder.method == SevenZipMethod::kLzma2;
  if (!lzma2 && coder.method != SevenZipMethod::kLzma) return std::nullopt;
  const lzma_vli id = lzma2 ? LZMA_FILTER_LZMA2 : LZMA_FILTER_LZMA1;
  const Options options = options_of(coder, id, size);
  if (!options) return std::nullopt;
  std::array<lzma_filter, 2> filters{lzma_filter{id, options.get()},
                                     lzma_filter{LZMA_VLI_UNKNOWN, nullptr}};
  std::vector<std::uint8_t> out(size);
  if (!decode(packed, filters.data(), out)) return std::nullopt;
  return out;
}

}  // namespace weir
