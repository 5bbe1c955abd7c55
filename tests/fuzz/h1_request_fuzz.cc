// Requests: the same bytes give the same events however they are split, and what was accepted, once
// written again, reads the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proxy/http/h1_encoder.h"
#include "tests/proxy/http/h1_transcript.h"

namespace {

using namespace weir;

std::string decode(std::string_view input, std::size_t step) {
  test::Transcript transcript{std::nullopt};
  for (std::size_t at = 0; at < input.size(); at += step) transcript.feed(input.substr(at, step));
  return transcript.end();
}

void check_round_trip(RequestHead head) {
  if (head.authority.empty()) return;  // HTTP/1.0 without Host: never forwarded
  std::string wire;
  if (!encode_h1(head, wire)) std::abort();
  H1HeadFinder finder(H1HeadFinder::Kind::request, wire.size() + 1);
  const auto size = finder.find(wire);
  if (!size || !*size || **size != wire.size()) std::abort();
  LimitSettings limits;
  limits.header_count += 8;  // what we add ourselves
  auto again = parse_request_head(wire, limits);
  if (!again) std::abort();
  head.scheme.clear();
  head.version = HttpVersion::h1_1;
  head.keep_alive = true;
  if (head.framing.kind == Framing::Kind::none) again->framing = {};  // a zero we made explicit
  head.fields.remove("te");
  again->fields.remove("te");
  if (test::describe(*again) != test::describe(head)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  test::Transcript whole{std::nullopt};
  whole.feed(input);
  const auto head = whole.request();
  const std::string want = whole.end();
  if (size > 0 && decode(input, 1 + data[size - 1] % 7U) != want) std::abort();
  if (size > 0 && size < 512 && decode(input, 1) != want) std::abort();
  if (head) check_round_trip(*head);
  return 0;
}
