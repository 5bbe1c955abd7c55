// What a 7z archive says of itself (7zFormat.txt of the LZMA SDK): the start header, and the header
// at the end with the coders of each folder. Folders are solid blocks; a folder that has the 7zAES
// coder cannot be read. The header may itself be packed, then it is unpacked here (a few hundred
// bytes in most archives, never more than kMostHeader), or encrypted. Checksums are checked.
// Sans-io, any thread.
#pragma once

#include "inspect/formats/remark.h"

namespace weir {

// encrypted: "7z-aes256", "7z-aes256-header"; partly-encrypted ("3 of 7 entries"). multi-volume:
// "7z-volume". truncated: "7z-truncated". corrupt: "7z-corrupt". unsupported: "7z-coder-40109",
// the coder that the openers do not have. Sign: "7z-trailing-data".
void examine_seven_zip(const Subject& file, Remarks& remarks);

}  // namespace weir
