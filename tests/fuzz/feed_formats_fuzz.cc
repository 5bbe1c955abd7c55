// What feeds serve, through every parser. The first line names the format (what is none chooses by
// its first byte); the rest is taken in pieces, and whole, which must come to the same.
#include <algorithm>
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
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto line = all.find('\n');
  if (line == std::string_view::npos) return 0;
  const auto formats = weir::feed_formats();
  std::string_view format = all.substr(0, line);
  const bool known =
      std::ranges::any_of(formats, [&](const auto& row) { return row.name == format; });
  if (!known) format = formats[data[0] % formats.size()].name;
  const weir::ByteView bytes = weir::as_bytes(all.substr(line + 1));
  const Counting whole = read(format, bytes, bytes.size() + 1);
  const Counting cut = read(format, bytes, 5);
  if (whole.found != cut.found || whole.rejected != cut.rejected) abort();
  return 0;
}
