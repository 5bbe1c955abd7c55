// The roots and the revocation lists in force: made once by load_trust (tls.h), immutable, shared
// by all loops. Private to proxy/tls.
#pragma once

#include <memory>
#include <vector>

#include "proxy/tls/openssl.h"

namespace weir {

using StorePtr = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;

class TrustStore {
 public:
  TrustStore(StorePtr store, std::vector<CrlPtr> crls)
      : store_(std::move(store)), crls_(std::move(crls)) {}
  // OpenSSL takes no const store; it locks what it changes inside.
  X509_STORE* store() const { return store_.get(); }
  const std::vector<CrlPtr>& crls() const { return crls_; }

 private:
  StorePtr store_;
  std::vector<CrlPtr> crls_;
};

}  // namespace weir
