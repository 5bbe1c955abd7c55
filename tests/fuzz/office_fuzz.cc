// What reads Office documents: compound files, the locks on them, manifests, macros, messages,
// OneNote, RTF. Seeds are
// real files, none of them slow to try a password on; whatever comes in, the readers stay within
// it. The sources that can stand in one file are included, so that the fuzzer sees their branches.
#include <cstdlib>

#include "inspect/formats/compound_file.cc"  // NOLINT(bugprone-suspicious-include)
#include "inspect/formats/office_encrypted.h"
#include "inspect/formats/office_examine.h"
#include "inspect/formats/ole_open.h"
#include "inspect/formats/ole_package.cc"   // NOLINT(bugprone-suspicious-include)
#include "inspect/formats/ole_rtf.cc"       // NOLINT(bugprone-suspicious-include)
#include "inspect/formats/onenote.cc"       // NOLINT(bugprone-suspicious-include)
#include "inspect/formats/outlook_tnef.cc"  // NOLINT(bugprone-suspicious-include)
#include "inspect/formats/vba_project.cc"   // NOLINT(bugprone-suspicious-include)

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
  for (const auto open : {weir::open_ole, weir::open_onenote, weir::open_rtf, weir::open_tnef}) {
    read_all(open(file, problem).get(), 1 << 20);
  }
  return 0;
}
