// BER, its coats and what is read of CMS: an opener never gives out more than its file can hold.
#include <cstdlib>

#include "inspect/formats/cms.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Subject file{weir::ByteView(data, size), weir::FileType::unknown, {}};
  weir::Remarks remarks;
  weir::examine_cms(file, remarks);
  auto problem = weir::Reason::none;
  const auto container = weir::open_cms_signed(file, problem);
  if (!container) return 0;
  std::size_t total = 0;
  constexpr std::size_t kEnough = 1U << 24;
  while (container->next()) {
    for (auto piece = container->read(); !piece.empty(); piece = container->read()) {
      total += piece.size();
      if (total > kEnough) return 0;
    }
  }
  if (container->format_word() == "cms-signed" && total > size) abort();
  return 0;
}
