// What CRLs (RFC 5280) and OCSP answers (RFC 6960) say of one certificate. The bytes come from the
// origin or from the network: signatures, issuers and freshness are checked here. Sans-io, any
// thread. Private to proxy/tls.
#pragma once

#include <string>
#include <vector>

#include "proxy/tls/openssl.h"

namespace weir {

enum class Standing : std::uint8_t { good, revoked, unknown };

struct StandingAnswer {
  Standing standing = Standing::unknown;
  WallTime fresh_until{};  // the answer may be kept until then
};

// `issuer` is the certificate that signed `cert`, already verified.
StandingAnswer ocsp_standing(ByteView response_der, X509* cert, X509* issuer, WallTime now);
// A list past its nextUpdate can still say revoked, never good.
StandingAnswer crl_standing(X509_CRL* crl, X509* cert, X509* issuer, WallTime now);

std::string ocsp_request(X509* cert, X509* issuer);  // DER without a nonce; "" when it failed
CrlPtr parse_crl(ByteView der_or_pem);
// From RFC 5280 4.2.2.1: one certificate in DER or PEM, or a certs-only PKCS #7.
std::vector<X509Ptr> parse_issuers(ByteView fetched);

// Plain http URLs of the certificate's extensions, at most three each.
std::vector<std::string> ocsp_urls(X509* cert);
std::vector<std::string> crl_urls(X509* cert);
std::vector<std::string> issuer_urls(X509* cert);

}  // namespace weir
