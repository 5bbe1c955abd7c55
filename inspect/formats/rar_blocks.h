// The two block formats of RAR; rar.cc chooses. `blocks` begins behind the signature. Sans-io.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/bytes.h"
#include "inspect/formats/archive_tally.h"
#include "inspect/formats/remark.h"

namespace weir {

void examine_rar4(ByteView blocks, Remarks& remarks);
void examine_rar5(ByteView blocks, Remarks& remarks);

std::uint32_t rar_crc(ByteView bytes);

// What both have learned at the end.
struct RarFacts {
  ArchiveTally tally;
  std::string_view cipher;  // of the first encrypted entry
  bool volume = false;      // the main header says so
  bool first = false;       // … and that it is the first
  bool split = false;       // an entry goes on in another volume
  bool ended = false, more_follow = false;
  Reason problem = Reason::none;  // why no more could be read

  // A volume that begins and ends everything is no part.
  bool is_part() const { return volume && !(first && ended && !more_follow && !split); }
};

struct RarNames {
  std::string_view volume, truncated, corrupt;
};
void report_rar(const RarFacts& facts, const RarNames& names, ByteView behind, Remarks& remarks);

}  // namespace weir
