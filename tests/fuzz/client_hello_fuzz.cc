// The first bytes of any connection. A hello that parses must parse the same from a longer read,
// and never from a shorter one that differs.
#include <cstdlib>

#include "proxy/tls/client_hello.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ByteView bytes(data, size);
  static_cast<void>(weir::identify_first_bytes(bytes));
  const auto whole = weir::parse_client_hello(bytes);
  const auto part = weir::parse_client_hello(bytes.first(size / 2));
  if (!part || part->state != weir::HelloParse::State::complete) return 0;
  if (!whole || whole->hello.sni != part->hello.sni || whole->hello.ja4 != part->hello.ja4) abort();
  return 0;
}
