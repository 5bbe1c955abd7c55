// S/MIME bodies and other CMS files (RFC 5652, RFC 8551), binary, as bare base64 or as PEM (RFC
// 7468), and files of private keys. Keys and key stores are small data that carry nothing else, so
// up to kLargestKeyFile they are a sign of weight 0 and not unseen; a larger one could carry
// anything and is encrypted. Sans-io, any thread.
#pragma once

#include <memory>

#include "inspect/formats/container.h"
#include "inspect/formats/remark.h"

namespace weir {

inline constexpr std::size_t kLargestKeyFile = 256 * 1024;

// encrypted: "cms-enveloped", "cms-auth-enveloped", "cms-encrypted". Keys: "pkcs12",
// "pkcs8-encrypted", "pem-key-encrypted", "ssh-key-encrypted".
void examine_cms(const Subject& file, Remarks& remarks);

// The content of signed and digested data ("content"), and of compressed data, decompressed.
std::unique_ptr<Container> open_cms_signed(const Subject& file, Reason& problem);

}  // namespace weir
