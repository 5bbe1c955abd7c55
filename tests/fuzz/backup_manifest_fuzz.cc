// The list in a backup: any bytes give a list that is written as it was read, or an error.
#include <cstdint>

#include "core/bytes.h"
#include "proxy/backup/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto manifest = weir::parse_manifest(weir::as_text({data, size}));
  if (!manifest) return 0;
  const auto again = weir::parse_manifest(weir::manifest_text(*manifest));
  if (!again || !(*again == *manifest)) __builtin_trap();
  return 0;
}
