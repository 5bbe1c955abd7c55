// Mails and text bodies: bounded work; what is handed out never grows beyond what the text can
// hold.
#include <cstdlib>

#include "inspect/formats/mime_message.h"
#include "inspect/formats/text_bodies.h"
#include "inspect/formats/web_carrier.h"

namespace {

std::size_t drain(weir::OpenContainer open, const weir::Subject& file) {
  auto problem = weir::Reason::none;
  const auto container = open(file, problem);
  std::size_t total = 0;
  while (container && container->next()) {
    for (auto piece = container->read(); !piece.empty(); piece = container->read()) {
      total += piece.size();
    }
  }
  return total;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ByteView bytes(data, size);
  const weir::Subject file{bytes, weir::type_by_magic(bytes), {}};
  // Each part at most once for each of its codings, each run from a few of its beginnings.
  if (drain(weir::open_mime, file) > size * 3) abort();
  if (drain(weir::open_text_bodies, file) > size * 8) abort();
  weir::Remarks remarks;
  weir::examine_web_carrier({bytes, weir::FileType::html, {}}, remarks);
  weir::examine_web_carrier({bytes, weir::FileType::svg, {}}, remarks);
  return 0;
}
