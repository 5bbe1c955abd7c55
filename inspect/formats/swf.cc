#include "inspect/formats/swf.h"

#include <memory>
#include <string>
#include <utility>

#include "core/cursor.h"
#include "inspect/formats/sealed_inflate.h"

namespace weir {
namespace {

constexpr std::uint8_t kNewestVersion = 64;
constexpr std::size_t kHeader = 8;

// An LZMA file: properties, the size in 64 bits, data. The film has a 32-bit size of its own
// between its header and the properties.
std::unique_ptr<Container> open_lzma(ByteView file, std::uint32_t size) {
  Cursor in(file);
  in.skip(kHeader + 4);
  const std::string_view properties = as_text(in.take(5));
  const ByteView data = in.rest();
  if (data.empty() || size < kHeader) return nullptr;
  auto header = std::make_unique<std::string>(properties);
  const std::uint64_t body = size - kHeader;
  for (unsigned shift = 0; shift < 64; shift += 8)
    *header += static_cast<char>(body >> shift & 0xFF);
  auto inner = open_pieces({"body.lzma", "swf", {as_bytes(*header), data}});
  return hold(std::move(header), std::move(inner));
}

}  // namespace

std::unique_ptr<Container> open_swf(const Subject& file, Reason&) {
  const std::string_view text = as_text(file.bytes);
  const bool deflated = text.starts_with("CWS"), lzma = text.starts_with("ZWS");
  if ((!deflated && !lzma) || text.size() < kHeader + 2) return nullptr;
  Cursor in(file.bytes);
  in.skip(3);
  const std::uint8_t version = in.u8();
  const std::uint32_t size = in.u32le();
  if (version == 0 || version > kNewestVersion) return nullptr;
  if (lzma) return open_lzma(file.bytes, size);
  if ((in.u16be() % 31) != 0) return nullptr;  // RFC 1950: no zlib stream
  std::string before = "FWS" + std::string(text.substr(3, 5));
  return open_inflated(
      {"body.swf", "swf", std::move(before), file.bytes.subspan(kHeader), DeflateCoat::zlib});
}

}  // namespace weir
