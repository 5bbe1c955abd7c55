// OpenPGP packets (RFC 9580 sections 4 and 5, RFC 4880 for what is older; the AEAD packet of
// draft-koch-librepgp): which kind of message a sequence of packets is. The first byte is a weak
// magic, so every packet on the way must be one that a program can have written: tags in the order
// of the grammar (section 10.3), known versions and algorithms, numbers that fill their packet.
// Sans-io, any thread.
#pragma once

#include <cstdint>

#include "core/bytes.h"

namespace weir {

enum class PgpKind : std::uint8_t {
  none,        // not OpenPGP, or not enough of it to be sure
  readable,    // literal data, compressed data, a signature, a public key
  secret_key,  // a secret key, itself protected or not
  encrypted,
};

struct PgpMessage {
  PgpKind kind = PgpKind::none;
  bool for_keys = false;  // a public-key recipient
  bool for_passphrases = false;
  bool aead = false;
};

// `bytes` begins with a packet. `whole` says whether it is all there is: then lengths must fit;
// of a decoded head of armor only the beginning is known, but armor is a promise by itself.
enum class PgpExtent : std::uint8_t { whole, head_of_armor };
PgpMessage classify_pgp(ByteView bytes, PgpExtent extent);

}  // namespace weir
