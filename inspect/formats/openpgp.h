// OpenPGP files (RFC 9580, RFC 4880), binary and armored, alone or below other text as in mails.
// Only encrypted messages are unseen; signatures, keys, signed and compressed messages are not (the
// content of the latter two is what open_openpgp yields, openpgp_content.h). Sans-io, any thread.
#pragma once

#include "inspect/formats/remark.h"

namespace weir {

// encrypted: "pgp-public-key", "pgp-symmetric", and "pgp-aead" for either with authenticated
// encryption. multi-volume: "pgp-part". Sign, weight 0: "pgp-secret-key".
void examine_openpgp(const Subject& file, Remarks& remarks);

}  // namespace weir
