// Files without any known beginning whose bytes look evenly random from the first to the last: what
// a VeraCrypt container, a SQLCipher database, a raw encrypted stream look like, and random data
// itself. Nothing can prove that such a file is encrypted, so this is a sign, never "encrypted".
//
// The test is Pearson's chi-square over byte values of samples spread over the file, together with
// the same over the first and last sample alone. Deflate, brotli with text, bzip2 and the codecs of
// pictures and sound are far from even at this size; what cannot be told from ciphertext is the
// output of a range coder without a header (raw LZMA, an arithmetic coder), of which only the first
// bytes tell. Reads at most 1 MiB. Sans-io, any thread.
#pragma once

#include "inspect/formats/remark.h"

namespace weir {

// Sign: "headerless-high-entropy".
void examine_entropy(const Subject& file, Remarks& remarks);

// Whether the bytes could be drawn evenly (chi-square with 255 degrees of freedom within the middle
// 99.99 %). At least 4 KiB, or false.
bool looks_uniform(ByteView bytes);

}  // namespace weir
