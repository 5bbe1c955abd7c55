// OpenPGP packets (RFC 9580 sections 4 and 5, RFC 4880 for what is older; the AEAD packet of
// draft-koch-librepgp): which kind of message a sequence of packets is. The first byte is a weak
// magic, so every packet on the way must be one that a program can have written: tags in the order
// of the grammar (section 10.3), known versions and algorithms, numbers that fill their packet.
// Sans-io, any thread.
#pragma once

#include <cstdint>
#include <vector>

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

// The content of a message that is not encrypted: the body of its literal or compressed data
// packet, in as many pieces as its partial lengths make of it.
struct PgpContent {
  enum class Form : std::uint8_t { none, literal, compressed };
  Form form = Form::none;
  std::uint8_t algorithm = 0;  // of compression: 0 none, 1 raw deflate, 2 zlib, 3 bzip2
  std::vector<ByteView> pieces = {};
  bool cut = false;            // the last piece is not all there
  bool signed_before = false;  // a signature or its announcement stands before it
  bool ends_file = false;      // nothing comes after it
};
PgpContent content_of_pgp(ByteView bytes);

}  // namespace weir
