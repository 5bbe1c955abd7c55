// Files that lie in a file of another kind: an archive behind a picture, a script with its payload,
// a program in a document. Only an opener: that something is embedded is no fault. Files that are
// archives themselves are left to their own openers. Sans-io, any thread.
#pragma once

#include <memory>

#include "inspect/formats/container.h"
#include "inspect/formats/remark.h"

namespace weir {

// Files up to this size are scanned as a whole, of larger ones as much from each end.
inline constexpr std::size_t kEmbeddedScan = 64U << 20;

// Members "embedded-at-0x1234.zip". All but an archive that closes the file are guesses: resource
// packs, bytecode and class libraries hold beginnings and pieces of real files. A ZIP whose end
// record closes the file is not among them: the walk opens such files as ZIP, whatever they begin
// with.
std::unique_ptr<Container> open_embedded(const Subject& file, Reason& problem);

// Sign "polyglot" when a file is valid as two kinds that are opened by different programs: a
// picture, sound or PDF that is also a ZIP, a picture that is also a PDF or a script.
void examine_polyglot(const Subject& file, Remarks& remarks);

}  // namespace weir
