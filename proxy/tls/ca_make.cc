// Making of CA certificates (ca_pair.h).
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "proxy/tls/ca_pair.h"
#include "proxy/tls/x509_build.h"

namespace weir {
namespace {

constexpr auto kCaLifetime = std::chrono::hours(24 * 3652);
constexpr auto kBackdate = std::chrono::hours(24);

std::string random_word() {
  std::array<unsigned char, 4> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  std::string out;
  for (const unsigned char byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 0xf];
  }
  return out;
}

std::array<ExtensionText, 4> ca_extensions(int path_length, bool issuer_has_key_id) {
  return {{
      {NID_basic_constraints, "critical,CA:TRUE,pathlen:" + std::to_string(path_length)},
      {NID_key_usage, "critical,keyCertSign,cRLSign"},
      {NID_subject_key_identifier, "hash"},
      {NID_authority_key_identifier, issuer_has_key_id ? "keyid:always" : "issuer:always"},
  }};
}

// RFC 5280 4.2.1.9: how many CAs may follow it; none said means any number.
bool may_certify_a_ca(X509* cert) {
  const long most = X509_get_pathlen(cert);
  return most < 0 || most >= 1;
}

}  // namespace

Result<CaPair> make_root(WallTime now) {
  CaPair pair{X509Ptr(X509_new()), KeyPtr(EVP_EC_gen("P-256"))};
  X509* cert = pair.cert.get();
  if (cert == nullptr || !pair.key || X509_set_version(cert, X509_VERSION_3) != 1 ||
      X509_set_pubkey(cert, pair.key.get()) != 1 ||
      !set_validity(cert, now - kBackdate, now + kCaLifetime) ||
      !set_common_name(X509_get_subject_name(cert), "weir CA " + random_word()) ||
      X509_set_issuer_name(cert, X509_get_subject_name(cert)) != 1) {
    return openssl_failure("CA certificate");
  }
  if (auto done = set_random_serial(cert); !done) return pass(std::move(done));
  if (auto done = add_extensions(cert, cert, ca_extensions(1, true)); !done) {
    return pass(std::move(done));
  }
  if (X509_sign(cert, pair.key.get(), EVP_sha256()) <= 0) return openssl_failure("CA certificate");
  return pair;
}

Result<X509Ptr> cross_certificate(const CaPair& old, X509* fresh, WallTime now) {
  if (!may_certify_a_ca(old.cert.get())) {
    return fail(Errc::unsupported, Fault::config,
                "the CA in force may not certify another one (its path length is 0)");
  }
  X509Ptr cert(X509_new());
  const WallTime end = std::min(wall_from_asn1(X509_get0_notAfter(old.cert.get())),
                                wall_from_asn1(X509_get0_notAfter(fresh)));
  if (!cert || X509_set_version(cert.get(), X509_VERSION_3) != 1 ||
      X509_set_pubkey(cert.get(), X509_get0_pubkey(fresh)) != 1 ||
      !set_validity(cert.get(), now - kBackdate, end) ||
      X509_set_subject_name(cert.get(), X509_get_subject_name(fresh)) != 1 ||
      X509_set_issuer_name(cert.get(), X509_get_subject_name(old.cert.get())) != 1) {
    return openssl_failure("cross certificate");
  }
  if (auto done = set_random_serial(cert.get()); !done) return pass(std::move(done));
  const bool key_id = X509_get0_subject_key_id(old.cert.get()) != nullptr;
  if (auto done = add_extensions(cert.get(), old.cert.get(), ca_extensions(0, key_id)); !done) {
    return pass(std::move(done));
  }
  if (X509_sign(cert.get(), old.key.get(), digest_for(old.key.get())) <= 0) {
    return openssl_failure("cross certificate");
  }
  return cert;
}

}  // namespace weir
