#include "inspect/formats/seven_zip_unpack.h"

// Must come before the header: it makes its pointers to input const.
#define ZLIB_CONST
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

namespace weir {
namespace {

// More than LZMA can do: what claims it would only make us allocate.
constexpr std::uint64_t kMostRatio = 10'000;
constexpr std::size_t kProbeOut = 1U << 20, kLzmaTail = 16;

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

// `ended`: by an end mark, right at the end of the input; `more`: it could go on.
enum class Decoded : std::uint8_t { full, ended, more, broken };

// Decodes until the output is full, the input is used up, or an error. LZMA streams of 7z have no
// end mark: they end when the output is full.
Decoded decode(ByteView packed, const lzma_filter* filters, std::span<std::uint8_t> out) {
  struct End {
    void operator()(lzma_stream* stream) const { lzma_end(stream); }
  };
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_raw_decoder(&stream, filters) != LZMA_OK) return Decoded::broken;
  const std::unique_ptr<lzma_stream, End> ends(&stream);
  stream.next_in = packed.data();
  stream.avail_in = packed.size();
  stream.next_out = out.data();
  stream.avail_out = out.size();
  lzma_ret result = LZMA_OK;
  while (result == LZMA_OK && stream.avail_out != 0) result = lzma_code(&stream, LZMA_RUN);
  if (stream.avail_out == 0) return Decoded::full;
  if (result == LZMA_BUF_ERROR) return Decoded::more;
  return result == LZMA_STREAM_END && stream.avail_in == 0 ? Decoded::ended : Decoded::broken;
}

std::optional<lzma_vli> lzma_id(std::uint64_t method) {
  if (method == SevenZipMethod::kLzma) return LZMA_FILTER_LZMA1;
  if (method == SevenZipMethod::kLzma2) return LZMA_FILTER_LZMA2;
  return std::nullopt;
}

std::optional<Decoded> decode_lzma(const SevenZipCoder& coder, ByteView packed,
                                   std::span<std::uint8_t> out) {
  const auto id = lzma_id(coder.method);
  if (!id) return std::nullopt;
  const Options options = options_of(coder, *id, out.size());
  if (!options) return Decoded::broken;
  const std::array<lzma_filter, 2> filters{lzma_filter{*id, options.get()},
                                           lzma_filter{LZMA_VLI_UNKNOWN, nullptr}};
  return decode(packed, filters.data(), out);
}

Decoded inflate_raw(ByteView packed, std::span<std::uint8_t> out) {
  struct End {
    void operator()(z_stream* stream) const { inflateEnd(stream); }
  };
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return Decoded::broken;
  const std::unique_ptr<z_stream, End> ends(&stream);
  stream.next_in = packed.data();
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = inflate(&stream, Z_SYNC_FLUSH);
  if (result == Z_STREAM_END) return stream.avail_in == 0 ? Decoded::ended : Decoded::broken;
  if (stream.avail_out == 0) return Decoded::full;
  return result == Z_OK || result == Z_BUF_ERROR ? Decoded::more : Decoded::broken;
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
  if (!lzma_id(coder.method)) return std::nullopt;
  std::vector<std::uint8_t> out(size);
  if (decode_lzma(coder, packed, out) != Decoded::full) return std::nullopt;
  return out;
}

bool can_begin_seven_zip_stream(const SevenZipCoder& coder, ByteView start, bool whole) {
  if (start.empty()) return false;
  if (coder.method == SevenZipMethod::kBzip2) return as_text(start).starts_with("BZh");
  if (coder.method == SevenZipMethod::kPpmd) return start[0] == 0;  // of its range coder
  const bool deflate = coder.method == SevenZipMethod::kDeflate;
  if (!deflate && !lzma_id(coder.method)) return true;
  // Where LZMA data end is not known here: what it decodes from the last bytes can be anything.
  const bool end_unknown = coder.method == SevenZipMethod::kLzma;
  if (end_unknown) {
    if (start[0] != 0) return false;
    start = start.first(start.size() - std::min(start.size(), kLzmaTail));
  }
  std::vector<std::uint8_t> out(kProbeOut);
  const auto decoded = deflate ? inflate_raw(start, out) : *decode_lzma(coder, start, out);
  return decoded == Decoded::full || decoded == Decoded::ended ||
         (decoded == Decoded::more && (end_unknown || !whole));
}

}  // namespace weir
