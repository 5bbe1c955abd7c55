// Messages between the gateway and weir-sign: what decodes must encode to the same bytes.
#include <cstdlib>

#include "proxy/tls/sign_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ByteView bytes(data, size);
  if (const auto request = weir::decode_sign_request(bytes)) {
    if (weir::encode(*request) != weir::as_text(bytes)) abort();
    static_cast<void>(weir::is_signable_host(request->host));
  }
  if (const auto reply = weir::decode_sign_reply(bytes)) {
    if (weir::encode(*reply) != weir::as_text(bytes)) abort();
  }
  return 0;
}
