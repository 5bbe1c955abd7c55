// The readers of PDF structure, and libqpdf behind them: bounded work, nothing thrown.
#include <cstdlib>

#include "inspect/formats/pdf_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Subject file{weir::ByteView(data, size), weir::FileType::pdf, {}};
  weir::Remarks remarks;
  weir::examine_pdf(file, remarks);
  weir::examine_pdf_signs(file, remarks);
  auto problem = weir::Reason::none;
  const auto container = weir::open_pdf(file, problem);
  if (!container) return 0;
  std::size_t total = 0;
  constexpr std::size_t kEnough = 1U << 24;
  while (container->next()) {
    for (auto piece = container->read(); !piece.empty(); piece = container->read()) {
      total += piece.size();
      if (total > kEnough) return 0;
    }
  }
  return 0;
}
