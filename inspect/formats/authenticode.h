// The signature in a Windows program ("Windows Authenticode Portable Executable Signature Format";
// "The Attribute Certificate Table" of the PE Format; PKCS #7, RFC 2315). Who signed is proven when
// one signature covers the whole file with SHA-256 or better, its signer's chain ends at a given
// root with the purpose of signing code, at `now` or at the time of an RFC 3161 time stamp that the
// same roots vouch for, and nothing lies in the file that the signature does not cover: no data
// behind the certificate table, none in it but the signature, no attributes beside it that nobody
// signed. Revocation is not asked for: a worker reaches no network. Pure functions, any thread;
// what cannot be read is `unproven`.
#pragma once

#include <cstdint>

#include "core/bytes.h"
#include "core/publisher.h"
#include "inspect/formats/pe_file.h"
#include "inspect/formats/publisher_roots.h"

namespace weir {

// `now` in Unix seconds. Reads the file once for its digest.
PublisherFact read_publisher(const PeFile& file, const PublisherRoots& roots, std::int64_t now);
// The same for bytes of any kind: what is no PE program has no signature.
PublisherFact read_publisher(ByteView file, const PublisherRoots& roots, std::int64_t now);

// The certificate table as it lies in the file.
struct CertificateTable {
  ByteView signature;  // of the first entry, with its padding; empty: the table is malformed
  bool whole = false;  // the file ends with it, and it holds this entry only
};
CertificateTable read_certificate_table(const PeFile& file);

}  // namespace weir
