// One event loop with everything that belongs to it: resolver, dialer, origin pool, issuer,
// listener and thread. Made and destroyed by the app's thread; in between only its own thread uses
// it.
#pragma once

#include <memory>
#include <thread>

#include "proxy/joined_fetch.h"
#include "proxy/net/dialer.h"
#include "proxy/net/dns_service.h"
#include "proxy/net/listener.h"
#include "proxy/net/resolver.h"
#include "proxy/services.h"
#include "proxy/tls/ca.h"
#include "proxy/tls/issuer.h"

namespace weir {

struct LoopParts {
  Shared& shared;
  Random& random;
  DnsService* dns;  // null when only hosts entries resolve
  std::shared_ptr<const TrustStore> trust;
  std::shared_ptr<const Policy> policy;
  std::shared_ptr<const Index> index;
  std::shared_ptr<const LeafKey> leaf_key;
  const CaCertificate& ca;
  UniqueFd signer_socket;
};

class LoopUnit {
 public:
  explicit LoopUnit(LoopParts parts);
  ~LoopUnit();
  LoopUnit(const LoopUnit&) = delete;
  LoopUnit& operator=(const LoopUnit&) = delete;

  // Port 0 takes a free one; `first` loop, then the others join its endpoints.
  Result<void> listen(const std::vector<Endpoint>& endpoints, Listener::Share share);
  const std::vector<Endpoint>& endpoints() const { return listener_->endpoints(); }
  Loop& loop() { return loop_; }
  SignerIssuer& issuer() { return *issuer_; }

  void start();                                           // the thread, and accepting
  void use_policy(std::shared_ptr<const Policy> policy);  // any thread
  void use_index(std::shared_ptr<const Index> index);     // any thread
  void attach_signer(UniqueFd socket);  // any thread: after a restart of weir-sign
  // The same for a signer of another CA. Any thread.
  void use_ca(std::shared_ptr<const CaCertificate> ca, UniqueFd socket);
  void stop_listening();  // any thread
  void stop();            // ends the thread; exchanges are cut off

 private:
  Loop loop_;
  Resolver resolver_;
  Dialer dialer_;
  JoinedFetch fetches_;
  std::unique_ptr<OriginTls> origin_tls_;
  OriginPool origins_;
  std::unique_ptr<SignerIssuer> issuer_;
  EventIds ids_;
  LoopServices services_;
  std::unique_ptr<Listener> listener_;
  std::thread thread_;
};

}  // namespace weir
