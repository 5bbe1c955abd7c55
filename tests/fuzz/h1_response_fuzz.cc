// Responses: the same bytes give the same events however they are split, and what was accepted,
// once written for a client, reads as the same response. The first byte picks the request's method.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "proxy/http/h1_encoder.h"
#include "tests/proxy/http/h1_transcript.h"

namespace {

using namespace weir;

constexpr std::array<const char*, 4> kMethods = {"GET", "HEAD", "CONNECT", "POST"};

std::string decode(const std::string& method, std::string_view input, std::size_t step) {
  test::Transcript transcript{method};
  for (std::size_t at = 0; at < input.size(); at += step) transcript.feed(input.substr(at, step));
  return transcript.end();
}

// What follows on the wire after the head must be what the head says to the client.
void check_round_trip(const std::string& method, const ResponseHead& head) {
  RequestHead asked;
  asked.method = method;
  const H1ResponsePlan plan = plan_response(asked, head, true);
  std::string wire;
  if (!encode_h1(head, plan, HttpVersion::h1_1, wire)) std::abort();
  H1HeadFinder finder(H1HeadFinder::Kind::response, wire.size() + 1);
  const auto size = finder.find(wire);
  if (!size || !*size || **size != wire.size()) std::abort();
  LimitSettings limits;
  limits.header_count += 8;
  auto again = parse_response_head(wire, method, limits);
  if (!again || again->status != head.status) std::abort();
  Fields fields = head.fields;
  fields.remove("te");
  again->fields.remove("te");
  if (test::describe(again->fields) != test::describe(fields)) std::abort();
  const bool body = again->framing.kind != Framing::Kind::none &&
                    again->framing != Framing{Framing::Kind::length, 0};
  if (plan.body && (!body || again->framing != plan.framing)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string method = kMethods[data[0] % kMethods.size()];
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  test::Transcript whole{method};
  whole.feed(input);
  const auto head = whole.response();
  const std::string want = whole.end();
  if (decode(method, input, 1 + data[size - 1] % 7U) != want) std::abort();
  if (size < 512 && decode(method, input, 1) != want) std::abort();
  if (head) check_round_trip(method, *head);
  return 0;
}
