// One function per format with headers of its own; each returns at once when the file is another.
// Used by other_archives.cc only. Sans-io, any thread.
#pragma once

#include "core/bytes.h"
#include "inspect/formats/remark.h"

namespace weir {

// The most members that are looked at: a header each.
inline constexpr int kMostOtherMembers = 1 << 18;

void examine_arj(ByteView file, Remarks& remarks);
void examine_ace(ByteView file, Remarks& remarks);
void examine_stuffit(ByteView file, Remarks& remarks);
void examine_alz(ByteView file, Remarks& remarks);
void examine_egg(ByteView file, Remarks& remarks);
void examine_arc(ByteView file, Remarks& remarks);

}  // namespace weir
