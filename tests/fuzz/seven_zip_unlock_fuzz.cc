// The header of a 7z archive written anew: whatever it says, what is made of it stays within its
// size, and the packed streams within the file.
#include <cstdlib>
#include <vector>

#include "inspect/formats/seven_zip_rewrite.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::uint8_t> body(1 << 20);
  const weir::ByteView bytes(data, size);
  const auto plain = weir::without_encryption(bytes, body);
  if (!plain) return 0;
  std::size_t packed = 0;
  for (const auto& stream : plain->streams) packed += stream.bytes.size();
  if (packed > body.size()) std::abort();
  if (plain->header.size() > size * 4 + 64) std::abort();
  if (!weir::read_seven_zip_streams(weir::as_bytes(plain->header))) std::abort();
  return 0;
}
