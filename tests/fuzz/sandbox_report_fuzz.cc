// The report of a sandbox engine: whatever was accepted is within bounds and reads back the same.
#include <cstdlib>

#include "core/bytes.h"
#include "sandbox_client/report.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto report = weir::parse_report(weir::as_text(weir::ByteView(data, size)));
  if (!report) return 0;
  if (report->score < 0 || report->score > 100) abort();
  if (report->files.size() > weir::ReportLimits::files) abort();
  const auto again = weir::parse_report(weir::write_report(*report));
  if (!again || *again != *report) abort();
  return 0;
}
