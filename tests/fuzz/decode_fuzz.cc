// First byte: which codings; second: how the input is cut and the output taken; the rest: the wire.
// The decoder must stay within its output, end, and give the same in one piece as in many.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "inspect/decode.h"

namespace {

constexpr std::array<std::string_view, 10> kCodings = {"gzip",
                                                       "deflate",
                                                       "br",
                                                       "zstd",
                                                       "gzip, gzip",
                                                       "br, gzip",
                                                       "zstd, deflate",
                                                       "gzip, zstd",
                                                       "deflate, br, gzip",
                                                       "gzip, deflate, br, zstd"};
constexpr std::size_t kMost = 4 * 1024 * 1024;

struct Outcome {
  std::string text;
  weir::Reason problem;
};

Outcome decode(std::string_view coding, weir::ByteView wire, std::size_t piece, std::size_t room) {
  auto decoder = weir::make_decoder(coding, 100);
  if (!decoder) std::abort();
  std::vector<std::uint8_t> out(room);
  Outcome outcome;
  while (!wire.empty() && outcome.text.size() < kMost) {
    weir::ByteView in = wire.first(std::min(piece, wire.size()));
    wire = wire.subspan(in.size());
    for (;;) {
      const std::size_t n = decoder->step(in, out);
      if (n > out.size()) std::abort();
      outcome.text += weir::as_text(weir::ByteView(out).first(n));
      if (decoder->problem() != weir::Reason::none || (in.empty() && n < room)) break;
      if (outcome.text.size() >= kMost) break;
    }
  }
  if (outcome.text.size() < kMost) decoder->finish();
  outcome.problem = decoder->problem();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view coding = kCodings[data[0] % kCodings.size()];
  const weir::ByteView wire(data + 2, size - 2);
  const Outcome whole = decode(coding, wire, wire.size() + 1, 65536);
  const Outcome parts = decode(coding, wire, 1U + (data[1] & 15U), 16 + (data[1] >> 4) * 64UL);
  if (whole.text.size() >= kMost || parts.text.size() >= kMost) return 0;
  if (whole.problem != parts.problem) std::abort();
  if (whole.problem == weir::Reason::none && whole.text != parts.text) std::abort();
  (void)weir::accept_encoding_value(weir::as_text(wire));
  (void)weir::make_decoder(weir::as_text(wire), 100);
  return 0;
}
