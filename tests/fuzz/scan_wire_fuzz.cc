// Messages between gateway, zygote and scan children: what decodes must encode to the same bytes.
#include <cstdlib>

#include "inspect/scan_wire.h"

namespace {

template <class T>
void check(const weir::Result<T>& decoded, weir::ByteView bytes) {
  if (decoded && weir::encode(*decoded) != weir::as_text(bytes)) abort();
}

}  // namespace

// A reply may name fewer findings than the bound, so nothing is dropped on the way back.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ByteView bytes(data, size);
  check(weir::decode_spawn_request(bytes), bytes);
  check(weir::decode_scan_job(bytes), bytes);
  check(weir::decode_scan_reply(bytes), bytes);
  if (const auto message = weir::decode_zygote_message(bytes)) {
    const std::string again = std::visit([](const auto& m) { return weir::encode(m); }, *message);
    if (again != weir::as_text(bytes)) abort();
  }
  return 0;
}
