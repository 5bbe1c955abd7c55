// Virtual disks, partition tables and FAT: an opener ends, whatever the chains say.
#include <cstdlib>

#include "inspect/formats/disk_image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Subject file{weir::ByteView(data, size), weir::FileType::unknown, {}};
  weir::Remarks remarks;
  weir::examine_disk_image(file, remarks);
  auto problem = weir::Reason::none;
  const auto container = weir::open_disk_image(file, problem);
  if (!container) return 0;
  std::size_t total = 0, members = 0;
  constexpr std::size_t kEnough = 1U << 22, kMembers = 1000;
  while (container->next()) {
    if (++members > kMembers) return 0;
    for (auto piece = container->read(); !piece.empty(); piece = container->read()) {
      total += piece.size();
      if (total > kEnough) return 0;
    }
  }
  return 0;
}
