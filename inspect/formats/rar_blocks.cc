#include "inspect/formats/rar_blocks.h"

#include <zlib.h>

#include <algorithm>

namespace weir {

std::uint32_t rar_crc(ByteView bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
}

void report_rar(const RarFacts& facts, const RarNames& names, ByteView behind, Remarks& remarks) {
  facts.tally.report(facts.cipher, remarks);
  if (facts.is_part() || facts.split) remarks.unseen(Reason::multi_volume, names.volume);
  // The data of an entry that goes on in the next volume may end with the file.
  if (facts.problem == Reason::truncated && !facts.is_part()) {
    remarks.unseen(Reason::truncated, names.truncated);
  }
  if (facts.problem == Reason::corrupt) remarks.unseen(Reason::corrupt, names.corrupt);
  const ByteView looked = behind.first(std::min<std::size_t>(behind.size(), 4096));
  const bool blank = std::ranges::all_of(looked, [](std::uint8_t byte) { return byte == 0; });
  if (facts.ended && !blank) {
    remarks.sign("rar-trailing-data", 5, std::to_string(behind.size()) + " bytes");
  }
}

}  // namespace weir
