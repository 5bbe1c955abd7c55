// What weir-sign signs, and the bounds it keeps whatever it is asked: server leaves for one valid
// host, at most 397 days, never past the CA; CRLs without entries. One thread; holds the CA key.
#pragma once

#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "proxy/tls/ca_pair.h"
#include "proxy/tls/sign_wire.h"

namespace weir {

struct SignerLimits {
  Duration lifetime = std::chrono::hours(30 * 24);
  Duration backdate = std::chrono::hours(24);
  std::string crl_url;              // http URL of the CRL; "" = no distribution point
  std::uint32_t per_second = 5000;  // signatures
};

class LeafSigner {
 public:
  // invalid: limits out of bounds. The lifetime is cut to 397 days.
  static Result<LeafSigner> make(CaPair ca, SignerLimits limits);

  // Always a reply: the DER or an error whose body starts with a word (invalid, rate, internal).
  SignReply answer(const SignRequest& request, WallTime now);

  Result<std::string> sign_leaf(const std::string& host, ByteView public_key, WallTime now);
  Result<std::string> sign_crl(WallTime now) const;
  std::string ca_sha256() const;

 private:
  LeafSigner(CaPair ca, SignerLimits limits) : ca_(std::move(ca)), limits_(std::move(limits)) {}
  bool within_rate(WallTime now);
  // A leaf without what differs from host to host. The gateway asks for all hosts with one key, and
  // reading and writing that key costs OpenSSL 3 ten times what signing does: so one is kept.
  struct Blank {
    std::string public_key;
    X509Ptr cert;
  };
  Result<X509Ptr> blank_leaf(EVP_PKEY* key) const;
  Result<void> prepare_blank(ByteView public_key);
  Result<void> fill_blank(const std::string& host, WallTime now);

  CaPair ca_;
  Blank blank_;
  SignerLimits limits_;
  WallTime second_start_{};
  std::uint32_t in_second_ = 0;
};

}  // namespace weir
