// Archives that are rare today and still arrive: what their headers say of encryption and volumes,
// and that they cannot be opened. ARJ (its technote, ARJ 2.41), ACE, StuffIt, ALZ and EGG
// (ESTsoft's EGG specification 1.0), ZOO, ARC, ZPAQ and others by their magic, the volumes of
// cabinets
// ([MS-CAB] 2.1). Headers only, bounded numbers of them. LHA and XAR have no encryption and are
// opened elsewhere. Sans-io, any thread.
#pragma once

#include "inspect/formats/remark.h"

namespace weir {

// encrypted, partly-encrypted: "arj-garbled", "ace-encrypted", "stuffit-encrypted",
// "alz-encrypted", "egg-encrypted", "lrzip-encrypted". multi-volume: "arj-volume", "ace-volume",
// "egg-volume", "cab-volume". unsupported: "arj", "ace", "stuffit", "stuffit5", "sitx", "alz",
// "egg", "zpaq", "zoo", "arc", "freearc", … truncated: "arj-truncated".
void examine_other_archives(const Subject& file, Remarks& remarks);

}  // namespace weir
