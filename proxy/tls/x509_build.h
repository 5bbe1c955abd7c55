// The steps that every certificate of ours is built from: extensions, serials, validity, signature.
// Private to proxy/tls and proxy/sign. Any thread; nothing is kept between calls.
#pragma once

#include <span>
#include <string>

#include "proxy/tls/openssl.h"

namespace weir {

struct ExtensionText {
  int nid;
  std::string value;  // as in openssl's x509v3_config; never built from remote text
};

// `issuer` and `subject` give what "hash" and "keyid" mean.
Result<void> add_extensions(X509* cert, X509* issuer, std::span<const ExtensionText> extensions);
Result<void> add_host_name(X509* cert, const std::string& host, bool critical);  // SAN
Result<void> set_random_serial(X509* cert);                                      // 127 bits
bool set_validity(X509* cert, WallTime from, WallTime until);
bool set_common_name(X509_NAME* name, const std::string& text);
// The digest that goes with a CA key; null for keys that bring their own (Ed25519).
const EVP_MD* digest_for(const EVP_PKEY* key);

}  // namespace weir
