// The issuer that asks weir-sign over its socket. One per loop, loop thread only; must outlive the
// sessions that wait for it. When the signer goes away, whoever waits gets `crashed` and so does
// every later request until attach() brings a new socket.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/fd.h"
#include "proxy/tls/tls.h"

namespace weir {

class LeafKey;
struct CaCertificate;

class SignerIssuer : public Issuer {
 public:
  virtual Co<Result<std::string>> crl() = 0;  // DER, fresh for seven days
  virtual void attach(UniqueFd socket) = 0;   // of a signer that was started again
  // From now on the signer's certificates are of this CA: no leaf of another one is handed out.
  // Goes before attach().
  virtual void use_ca(const CaCertificate& ca) = 0;
  virtual bool connected() const = 0;
};

// What all loops' issuers share; made once at start. Opaque outside proxy/tls.
Result<std::shared_ptr<const LeafKey>> make_leaf_key();

// `on_lost` is called once each time the signer goes away.
std::unique_ptr<SignerIssuer> make_issuer(Loop& loop, UniqueFd socket,
                                          std::shared_ptr<const LeafKey> key,
                                          const CaCertificate& ca, const TlsSettings& settings,
                                          Metrics& metrics, std::function<void()> on_lost = {});

}  // namespace weir
