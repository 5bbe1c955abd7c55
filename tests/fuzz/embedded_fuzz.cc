// Readers of files within files: starts in the middle, shortcuts, films, help files, backups and
// signed messages. What lies in the file as it is can never be more than the file.
#include <cstdlib>

#include "inspect/formats/chm.h"
#include "inspect/formats/embedded.h"
#include "inspect/formats/lnk.h"
#include "inspect/formats/openpgp.h"
#include "inspect/formats/sealed_android.h"
#include "inspect/formats/swf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ByteView bytes(data, size);
  const weir::Subject file{bytes, weir::type_by_magic(bytes), {}};
  weir::Remarks remarks;
  weir::examine_polyglot(file, remarks);
  weir::examine_lnk(file, remarks);
  constexpr weir::OpenContainer kOpeners[] = {
      weir::open_embedded,       weir::open_lnk,    weir::open_swf, weir::open_chm,
      weir::open_android_backup, weir::open_openpgp};
  for (const auto open : kOpeners) {
    auto problem = weir::Reason::none;
    const auto container = open(file, problem);
    if (!container) continue;
    std::size_t total = 0, members = 0;
    constexpr std::size_t kEnough = 1U << 20, kMembers = 100;
    while (total < kEnough && members < kMembers && container->next()) {
      ++members;
      for (auto piece = container->read(); !piece.empty() && total < kEnough;
           piece = container->read()) {
        total += piece.size();
      }
    }
    if (container->format_word() == "embedded" && total > size) abort();
  }
  return 0;
}
