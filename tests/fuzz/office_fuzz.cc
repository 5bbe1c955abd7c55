// What reads Office documents: compound files, the locks on them, manifests, OneNote. Seeds are
// real files; whatever comes in, the readers stay within it.
#include <cstdlib>

#include "inspect/formats/office_encrypted.h"
#include "inspect/formats/office_examine.h"
#include "inspect/formats/onenote.h"

namespace {

void read_all(weir::Container* container, std::size_t most) {
  if (container == nullptr) return;
  for (std::size_t given = 0; container->next() && given < most;) {
    for (weir::ByteView piece = container->read(); !piece.empty() && given < most;
         piece = container->read()) {
      given += piece.size();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Subject file{weir::ByteView(data, size), weir::FileType::unknown, {}};
  weir::Remarks remarks;
  weir::examine_office(file, remarks);
  weir::Reason problem = weir::Reason::none;
  read_all(weir::open_office_encrypted(file, problem).get(), 1 << 20);
  read_all(weir::open_onenote(file, problem).get(), 1 << 20);
  return 0;
}
