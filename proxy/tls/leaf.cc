#include "proxy/tls/leaf.h"

#include <openssl/err.h>

namespace weir {

Result<std::shared_ptr<const LeafKey>> LeafKey::make() {
  KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return openssl_failure("leaf key");
  unsigned char* raw = nullptr;
  const int size = i2d_PUBKEY(key.get(), &raw);
  if (size <= 0) return openssl_failure("leaf key");
  std::string der(as_text({raw, static_cast<std::size_t>(size)}));
  OPENSSL_free(raw);
  return std::make_shared<const LeafKey>(std::move(key), std::move(der));
}

Result<std::shared_ptr<const Leaf>> make_leaf(const std::string& host, const std::string& der,
                                              std::shared_ptr<const LeafKey> key,
                                              std::shared_ptr<const IntermediateChain> chain,
                                              WallTime now) {
  auto leaf = std::make_shared<Leaf>();
  leaf->cert = x509_from_der(as_bytes(der));
  if (!leaf->cert || X509_check_private_key(leaf->cert.get(), key->get()) != 1) {
    ERR_clear_error();
    return fail(Errc::invalid, Fault::helper, "weir-sign: no certificate for our key, " + host);
  }
  // Bound to host and issuer: a ticket from before a CA change, or for another name, is not opened.
  const std::string bound = host + '\n' + name_text(X509_get_issuer_name(leaf->cert.get()));
  EVP_Digest(bound.data(), bound.size(), leaf->session_context.data(), nullptr, EVP_sha256(),
             nullptr);
  const WallTime end = wall_from_asn1(X509_get0_notAfter(leaf->cert.get()));
  leaf->renew_at = now + (end - now) / 2;
  leaf->key = std::move(key);
  leaf->chain = std::move(chain);
  return std::shared_ptr<const Leaf>(std::move(leaf));
}

}  // namespace weir
