// The table of everything that is known about formats: to add one, write its reader in
// inspect/formats (or its signs in inspect/signs) and give it a row in known_formats.cc.
#pragma once

#include <span>

#include "inspect/formats/container.h"

namespace weir {

// In order; each is asked about every artifact.
std::span<const Examine> known_examiners();

struct KnownContainer {
  OpenContainer open;
  // Given the job's passwords when it can use them; null when it cannot.
  OpenWithPasswords open_with;
  // What it holds are files as a person put them there, so that their names may be signs.
  bool is_archive = false;
};
// Beside libarchive, which has the ordinary archives (archive_reader.h).
std::span<const KnownContainer> known_containers();

}  // namespace weir
