// What feeds serve, through every parser. The first byte chooses the format; the rest is taken in
// pieces, and whole, which must come to the same.
#include <cstddef>
#include <cstdlib>
#include <string>

#include "feeds/formats/feed_format.h"

namespace {

using namespace weir;

struct Counting final : FeedSink {
  std::uint64_t found = 0, rejected = 0;
  void add(Indicator indicator) override {
    if (indicator.value.empty()) abort();
    ++found;
  }
  void reject(std::uint64_t, std::string_view why) override {
    if (why.empty()) abort();
    ++rejected;
  }
};

Counting read(std::string_view format, ByteView bytes, std::size_t step) {
  Counting sink;
  const auto parser = make_feed_parser(format, {.source = "fuzz", .category = "", .canonical = {}});
  while (!bytes.empty()) {
    const std::size_t size = std::min(step, bytes.size());
    parser->take(bytes.first(size), sink);
    bytes = bytes.subspan(size);
  }
  parser->finish(sink);
  return sink;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto formats = weir::feed_formats();
  const std::string_view format = formats[data[0] % formats.size()].name;
  const weir::ByteView bytes(data + 1, size - 1);
  const Counting whole = read(format, bytes, bytes.size() + 1);
  const Counting cut = read(format, bytes, 5);
  if (whole.found != cut.found || whole.rejected != cut.rejected) abort();
  return 0;
}
