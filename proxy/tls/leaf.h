// A minted certificate and the key all leaves share. Immutable and shared between loops. Private to
// proxy/tls and its tests.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "proxy/tls/openssl.h"
#include "proxy/tls/tls.h"

namespace weir {

// One P-256 key per process: a leaf lives for days and its key never leaves this memory, so another
// key for each host would cost time and win nothing.
class LeafKey {
 public:
  LeafKey(KeyPtr key, std::string public_der)
      : key_(std::move(key)), public_der_(std::move(public_der)) {}
  static Result<std::shared_ptr<const LeafKey>> make();
  EVP_PKEY* get() const { return key_.get(); }
  const std::string& public_der() const { return public_der_; }  // SubjectPublicKeyInfo

 private:
  KeyPtr key_;
  std::string public_der_;
};

using IntermediateChain = std::vector<X509Ptr>;

struct Leaf {
  X509Ptr cert;
  std::shared_ptr<const LeafKey> key;
  std::shared_ptr<const IntermediateChain> chain;   // sent after the leaf; may be null
  std::array<unsigned char, 32> session_context{};  // a ticket resumes only under the same one
  WallTime renew_at;                                // half of its life is over
};

// invalid: `der` is no certificate for `key`.
Result<std::shared_ptr<const Leaf>> make_leaf(const std::string& host, const std::string& der,
                                              std::shared_ptr<const LeafKey> key,
                                              std::shared_ptr<const IntermediateChain> chain,
                                              WallTime now);

}  // namespace weir
