// The header of a ClamAV database: any bytes give a header or none.
#include <cstdint>
#include <string_view>

#include "core/bytes.h"
#include "proxy/doctor/cvd_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto header = weir::parse_cvd_header(weir::as_text({data, size}));
  if (header && size < weir::kCvdHeaderBytes) __builtin_trap();
  return 0;
}
