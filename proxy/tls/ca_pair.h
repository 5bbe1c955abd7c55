// The CA with its key, as weir-sign holds it. Private to proxy/tls and proxy/sign.
#pragma once

#include <string>

#include "proxy/tls/openssl.h"

namespace weir {

struct CaPair {
  X509Ptr cert;
  KeyPtr key;
};

// Checked: the key belongs to the certificate, which is a CA, may sign and has not expired.
Result<CaPair> load_ca_pair(const std::string& certificate_file, const std::string& key_file,
                            WallTime now);

// A new P-256 key and its self-signed certificate: ten years, path length 1, a name of its own.
Result<CaPair> make_root(WallTime now);

// `old` certifies the key and name of `fresh`, so that who trusts only the old one can trust what
// the fresh one signs: path length 0, until the first of both ends. `unsupported`: the old one's
// path length leaves no room for it.
Result<X509Ptr> cross_certificate(const CaPair& old, X509* fresh, WallTime now);

}  // namespace weir
