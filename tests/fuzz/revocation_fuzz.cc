// What strangers send for verification: issuers, CRLs, OCSP answers. Whatever it is, it must not
// say anything about a certificate that its issuer did not sign.
#include <cstdlib>

#include "proxy/tls/revocation.h"

namespace {

struct Pair {
  weir::KeyPtr key{EVP_EC_gen("P-256")};
  weir::X509Ptr cert{X509_new()};
  Pair() {
    X509_set_version(cert.get(), X509_VERSION_3);
    X509_set_pubkey(cert.get(), key.get());
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 86400);
    X509_sign(cert.get(), key.get(), EVP_sha256());
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Pair issuer;
  const weir::ByteView bytes(data, size);
  const auto now = std::chrono::system_clock::now();
  X509* cert = issuer.cert.get();
  for (const auto& found : weir::parse_issuers(bytes)) {
    static_cast<void>(weir::ocsp_urls(found.get()));
    static_cast<void>(weir::crl_urls(found.get()));
    static_cast<void>(weir::issuer_urls(found.get()));
    static_cast<void>(weir::ocsp_request(found.get(), cert));
  }
  if (const auto crl = weir::parse_crl(bytes)) {
    if (weir::crl_standing(crl.get(), cert, cert, now).standing != weir::Standing::unknown) abort();
  }
  if (weir::ocsp_standing(bytes, cert, cert, now).standing != weir::Standing::unknown) abort();
  return 0;
}
