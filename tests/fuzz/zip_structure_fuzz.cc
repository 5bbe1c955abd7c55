// The worker's own parsers: ZIP directories and headers, volumes, OLE directories. They are part of
// the program weir-scan, so their sources are included.
#include <cstdlib>

#include "inspect/formats/encrypted_office.cc"  // NOLINT(bugprone-suspicious-include)
#include "inspect/formats/volumes.cc"           // NOLINT(bugprone-suspicious-include)
#include "inspect/formats/zip_structure.cc"     // NOLINT(bugprone-suspicious-include)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ByteView bytes(data, size);
  const weir::ZipStructure zip = weir::read_zip_structure(bytes, 100);
  if (zip.encrypted > zip.files || zip.files > 100) abort();
  if (zip.encrypted > 0 && zip.plain()) abort();
  static_cast<void>(weir::is_encrypted_ooxml(bytes));
  static_cast<void>(weir::is_one_of_several_volumes(bytes));
  return 0;
}
