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

}  // namespace weir
