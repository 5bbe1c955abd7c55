// Everything that recognises sealed files by magic, shape or the evenness of their bytes.
#include <cstdlib>

#include "inspect/formats/entropy.h"
#include "inspect/formats/sealed.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Subject file{weir::ByteView(data, size), weir::FileType::unknown, {}};
  weir::Remarks remarks;
  weir::examine_sealed(file, remarks);
  weir::examine_entropy(file, remarks);
  for (const weir::Remark& remark : remarks.all()) {
    if (remark.reason != weir::Reason::none && remark.reason != weir::Reason::encrypted) abort();
  }
  static_cast<void>(weir::sealed_volume(file.bytes));
  return 0;
}
