// OpenPGP packets and armor. A verdict about a whole file is also one about it as armor's content.
#include <cstdlib>

#include "inspect/formats/openpgp.h"
#include "inspect/formats/openpgp_packets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ByteView bytes(data, size);
  const auto whole = weir::classify_pgp(bytes, weir::PgpExtent::whole);
  const auto head = weir::classify_pgp(bytes, weir::PgpExtent::head_of_armor);
  if (whole.kind == weir::PgpKind::encrypted && head.kind != whole.kind) abort();
  weir::Remarks remarks;
  weir::examine_openpgp({bytes, weir::FileType::unknown, {}}, remarks);
  return 0;
}
