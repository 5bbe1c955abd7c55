// Virtual disks, partition tables, FAT and UDF: an opener ends, whatever the chains say.
#include <cstdlib>

#include "inspect/formats/disk_image.h"
#include "inspect/formats/udf.h"

namespace {

void drain(weir::OpenContainer open, const weir::Subject& file) {
  constexpr std::size_t kEnough = 1U << 22, kMembers = 1000;
  auto problem = weir::Reason::none;
  const auto container = open(file, problem);
  std::size_t total = 0, members = 0;
  while (container && container->next() && ++members <= kMembers) {
    for (auto piece = container->read(); !piece.empty(); piece = container->read()) {
      total += piece.size();
      if (total > kEnough) return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::Subject file{weir::ByteView(data, size), weir::FileType::unknown, {}};
  weir::Remarks remarks;
  weir::examine_disk_image(file, remarks);
  drain(weir::open_disk_image, file);
  drain(weir::open_udf, file);
  return 0;
}
