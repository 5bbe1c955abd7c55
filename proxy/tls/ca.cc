#include "proxy/tls/ca.h"

#include <openssl/err.h>
#include <unistd.h>

#include <algorithm>

#include "proxy/tls/ca_file.h"
#include "proxy/tls/ca_pair.h"
#include "proxy/tls/x509_build.h"

namespace weir {

Result<void> create_ca(const std::string& dir, WallTime now) {
  const std::string cert_file = dir + "/ca.pem";
  const std::string key_file = dir + "/ca.key";
  for (const std::string& file : {cert_file, key_file}) {
    if (::access(file.c_str(), F_OK) == 0) {
      return ca_file_error(file, "exists already; not replaced");
    }
  }
  auto pair = make_root(now);
  if (!pair) return pass(std::move(pair));
  if (auto written = write_new_key(key_file, pair->key.get()); !written) return written;
  return write_new_file(cert_file, pem_of(pair->cert.get()), 0644);
}

Result<CaCertificate> read_ca(const std::string& certificate_file) {
  auto certs = load_certificates(certificate_file);
  if (!certs) return pass(std::move(certs));
  X509* first = certs->front().get();
  CaCertificate out;
  out.pem = pem_of(first);
  out.der = der_of(*first);
  out.sha256 = sha256_hex(as_bytes(out.der));
  out.subject = name_text(X509_get_subject_name(first));
  out.issuer = name_text(X509_get_issuer_name(first));
  out.not_before = wall_from_asn1(X509_get0_notBefore(first));
  out.not_after = wall_from_asn1(X509_get0_notAfter(first));
  X509* anchor = first;
  for (const X509Ptr& cert : *certs) {
    if (X509_self_signed(cert.get(), 0) == 1) {  // roots are what clients trust already
      anchor = cert.get();
    } else {
      out.chain_der.push_back(der_of(*cert));
    }
  }
  out.anchor_pem = pem_of(anchor);
  out.anchor_der = der_of(*anchor);
  out.anchor_sha256 = sha256_hex(as_bytes(out.anchor_der));
  return out;
}

Result<std::string> pem_without_cross(const std::string& certificate_file) {
  auto certs = load_certificates(certificate_file);
  if (!certs) return pass(std::move(certs));
  const EVP_PKEY* key = X509_get0_pubkey(certs->front().get());
  std::string out = pem_of(certs->front().get());
  for (std::size_t i = 1; i < certs->size(); ++i) {
    X509* cert = (*certs)[i].get();
    const bool cross = key != nullptr && X509_get0_pubkey(cert) != nullptr &&
                       EVP_PKEY_eq(key, X509_get0_pubkey(cert)) == 1;
    if (!cross) out += pem_of(cert);
  }
  ERR_clear_error();
  return out;
}

Result<CaPair> load_ca_pair(const std::string& certificate_file, const std::string& key_file,
                            WallTime now) {
  auto certs = load_certificates(certificate_file);
  if (!certs) return pass(std::move(certs));
  CaPair pair;
  pair.cert = std::move(certs->front());
  if (auto fit = check_ca(certificate_file, pair.cert.get(), now); !fit) {
    return pass(std::move(fit));
  }
  auto key = load_key(key_file);
  if (!key) return pass(std::move(key));
  pair.key = std::move(*key);
  if (X509_check_private_key(pair.cert.get(), pair.key.get()) != 1) {
    ERR_clear_error();
    return ca_file_error(key_file, "the key does not belong to " + certificate_file);
  }
  return pair;
}

std::string fingerprint_text(const std::string& sha256_hex) {
  std::string out;
  for (std::size_t i = 0; i < sha256_hex.size(); ++i) {
    if (i != 0 && i % 2 == 0) out += ':';
    const char c = sha256_hex[i];
    out += c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

}  // namespace weir
