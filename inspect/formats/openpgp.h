// OpenPGP files (RFC 9580, RFC 4880), binary and armored, alone or below other text as in mails.
// Only encrypted messages are unseen; signatures, keys, signed and compressed messages are not (the
// content of the latter two is what open_openpgp yields). Sans-io, any thread.
#pragma once

#include <memory>

#include "inspect/formats/container.h"
#include "inspect/formats/remark.h"

namespace weir {

// encrypted: "pgp-public-key", "pgp-symmetric", and "pgp-aead" for either with authenticated
// encryption. multi-volume: "pgp-part". Sign, weight 0: "pgp-secret-key".
void examine_openpgp(const Subject& file, Remarks& remarks);

// The content of a signed, compressed or literal message, binary or armored: "content" of literal
// data, "message.pgp" or "message.bz2" of compressed data, which holds another message. A text
// signed in the clear needs no opening.
std::unique_ptr<Container> open_openpgp(const Subject& file, Reason& problem);

}  // namespace weir
