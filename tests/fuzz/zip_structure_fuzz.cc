// The directories and local headers of a ZIP, and names of members.
#include <cstdlib>

#include "inspect/formats/archive_names.h"
#include "inspect/formats/zip_structure.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ByteView bytes(data, size);
  const weir::ZipStructure zip = weir::read_zip_structure(bytes, 100);
  if (zip.encrypted > zip.files || zip.files > 100) abort();
  if (zip.encrypted > 0 && zip.plain()) abort();
  for (const weir::Remark& one : zip.problems) {
    if (one.reason == weir::Reason::none) abort();
  }
  weir::Remarks remarks;
  weir::examine_member_name(weir::as_text(bytes), remarks);
  return 0;
}
