// Certificates, OCSP answers and CRLs made to order, and bare OpenSSL ends, for the tests of this
// folder. Times are relative to a given now; nothing here checks anything.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/net_addr.h"
#include "proxy/tls/chain_check.h"
#include "proxy/tls/tls_connection.h"
#include "proxy/tls/x509_build.h"

namespace weir::test {

using Days = std::chrono::duration<std::int64_t, std::ratio<86400>>;

struct Certified {
  X509Ptr cert;
  KeyPtr key;
  std::string der() const { return der_of(*cert); }
};

struct CertOrder {
  std::string name = "origin.test";  // common name, and the SAN of a leaf
  WallTime now{std::chrono::seconds(1'800'000'000)};
  Days from{-10};
  Days until{30};
  bool ca = false;
  int rsa_bits = 0;  // 0: P-256
  const EVP_MD* digest = EVP_sha256();
  std::string key_usage_extra = "serverAuth";  // extended key usage of a leaf
  std::string access;                          // authorityInfoAccess
  std::string crl_point;                       // URI:...
};

inline KeyPtr make_key(int rsa_bits) {
  return KeyPtr(rsa_bits != 0 ? EVP_RSA_gen(static_cast<unsigned>(rsa_bits)) : EVP_EC_gen("P-256"));
}

// Signed by `issuer`, or by itself when null.
inline Certified certify(const CertOrder& order, const Certified* issuer = nullptr) {
  Certified out{X509Ptr(X509_new()), make_key(order.rsa_bits)};
  X509* cert = out.cert.get();
  X509* signer = issuer != nullptr ? issuer->cert.get() : cert;
  X509_set_version(cert, X509_VERSION_3);
  X509_set_pubkey(cert, out.key.get());
  set_validity(cert, order.now + order.from, order.now + order.until);
  set_common_name(X509_get_subject_name(cert), order.name);
  X509_set_issuer_name(cert, X509_get_subject_name(signer));
  static_cast<void>(set_random_serial(cert).has_value());
  std::vector<ExtensionText> extensions{
      {NID_basic_constraints, order.ca ? "critical,CA:TRUE" : "critical,CA:FALSE"},
      {NID_key_usage, order.ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature"},
      {NID_subject_key_identifier, "hash"}};
  if (issuer != nullptr) extensions.push_back({NID_authority_key_identifier, "keyid:always"});
  if (!order.ca) extensions.push_back({NID_ext_key_usage, order.key_usage_extra});
  if (!order.access.empty()) extensions.push_back({NID_info_access, order.access});
  if (!order.crl_point.empty())
    extensions.push_back({NID_crl_distribution_points, order.crl_point});
  static_cast<void>(add_extensions(cert, signer, extensions).has_value());
  if (!order.ca) static_cast<void>(add_host_name(cert, order.name, false).has_value());
  X509_sign(cert, issuer != nullptr ? issuer->key.get() : out.key.get(), order.digest);
  return out;
}

inline Certified make_root(const std::string& name = "Test Root") {
  CertOrder order;
  order.name = name;
  order.ca = true;
  order.until = Days(3650);
  return certify(order);
}

inline std::shared_ptr<const TrustStore> trust(const std::vector<X509*>& roots,
                                               std::vector<CrlPtr> crls = {}) {
  StorePtr store(X509_STORE_new());
  for (X509* root : roots) X509_STORE_add_cert(store.get(), root);
  return std::make_shared<const TrustStore>(std::move(store), std::move(crls));
}

inline Asn1TimePtr asn1_time(WallTime time) {
  return Asn1TimePtr(ASN1_TIME_adj(nullptr, to_time_t(time), 0, 0));
}

inline CrlPtr make_crl(const Certified& issuer, const std::vector<X509*>& revoked, WallTime from,
                       WallTime until, const std::string& only_point = "") {
  CrlPtr crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.cert.get()));
  X509_CRL_set1_lastUpdate(crl.get(), asn1_time(from).get());
  X509_CRL_set1_nextUpdate(crl.get(), asn1_time(until).get());
  for (X509* cert : revoked) {
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(cert));
    X509_REVOKED_set_revocationDate(entry, asn1_time(from).get());
    X509_CRL_add0_revoked(crl.get(), entry);
  }
  if (!only_point.empty()) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer.cert.get(), nullptr, nullptr, crl.get(), 0);
    X509V3_set_ctx_nodb(&context);
    const std::string text = "critical,fullname:" + only_point;
    const ExtensionPtr part(
        X509V3_EXT_conf_nid(nullptr, &context, NID_issuing_distribution_point, text.c_str()));
    X509_CRL_add_ext(crl.get(), part.get(), -1);
  }
  X509_CRL_sort(crl.get());
  X509_CRL_sign(crl.get(), issuer.key.get(), EVP_sha256());
  return crl;
}

inline std::string crl_der(X509_CRL* crl) {
  unsigned char* raw = nullptr;
  const int size = i2d_X509_CRL(crl, &raw);
  std::string out(as_text({raw, static_cast<std::size_t>(size)}));
  OPENSSL_free(raw);
  return out;
}

struct OcspOrder {
  int status = V_OCSP_CERTSTATUS_GOOD;
  WallTime from, until;
  const EVP_MD* id_digest = EVP_sha1();
};

inline std::string make_ocsp(X509* cert, const Certified& issuer, const Certified& signer,
                             const OcspOrder& order) {
  OCSP_BASICRESP* basic = OCSP_BASICRESP_new();
  OCSP_CERTID* id = OCSP_cert_to_id(order.id_digest, cert, issuer.cert.get());
  const auto from = asn1_time(order.from);
  const auto until = asn1_time(order.until);
  const bool revoked = order.status == V_OCSP_CERTSTATUS_REVOKED;
  OCSP_basic_add1_status(basic, id, order.status, OCSP_REVOKED_STATUS_NOSTATUS,
                         revoked ? from.get() : nullptr, from.get(), until.get());
  OCSP_basic_sign(basic, signer.cert.get(), signer.key.get(), EVP_sha256(), nullptr, 0);
  OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  unsigned char* raw = nullptr;
  const int size = i2d_OCSP_RESPONSE(response, &raw);
  std::string out(as_text({raw, static_cast<std::size_t>(size)}));
  OPENSSL_free(raw);
  OCSP_CERTID_free(id);
  OCSP_BASICRESP_free(basic);
  OCSP_RESPONSE_free(response);
  return out;
}

// A server's context as any origin would have it.
inline SslContextPtr server_context(const Certified& leaf, const std::vector<X509*>& chain = {}) {
  SslContextPtr context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_use_certificate(context.get(), leaf.cert.get());
  SSL_CTX_use_PrivateKey(context.get(), leaf.key.get());
  for (X509* cert : chain) SSL_CTX_add1_chain_cert(context.get(), cert);
  SSL_CTX_set_mode(context.get(), SSL_MODE_NO_AUTO_CHAIN);
  constexpr std::string_view kContextName = "test";
  SSL_CTX_set_session_id_context(context.get(), as_bytes(kContextName).data(), kContextName.size());
  return context;
}

// One end driven by the tests.
inline std::unique_ptr<TlsConnection> plain_end(SSL_CTX* context, std::unique_ptr<ByteStream> below,
                                                bool server) {
  SslPtr ssl(SSL_new(context));
  server ? SSL_set_accept_state(ssl.get()) : SSL_set_connect_state(ssl.get());
  return std::make_unique<TlsConnection>(std::move(below), "", std::move(ssl), Fault::origin);
}

}  // namespace weir::test
