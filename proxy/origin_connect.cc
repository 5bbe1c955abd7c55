#include "proxy/origin_connect.h"

#include <utility>

#include "proxy/net/dialer.h"
#include "proxy/origin_pool.h"
#include "proxy/tls/tls.h"

namespace weir {
namespace {

Co<Result<std::unique_ptr<ByteStream>>> secure(const OriginTarget& target,
                                               std::unique_ptr<ByteStream> tcp, OriginTls& tls,
                                               OriginFacts& facts, Duration limit) {
  auto secured = co_await tls.connect(std::move(tcp),
                                      {.host = target.host,
                                       .offer_h2 = !target.http1_only,
                                       .accepted_errors = target.accepted_errors},
                                      limit);
  if (!secured) co_return pass(std::move(secured));
  const TlsInfo& info = (*secured)->info();
  facts.tls_version = info.version;
  facts.tls_cipher = info.cipher;
  if (info.alpn == "h2") facts.protocol = "h2";
  const OriginCertificate& certificate = (*secured)->certificate();
  facts.certificate_sha256 = certificate.sha256;
  facts.certificate_sha1 = certificate.sha1;
  facts.certificate_subject = certificate.subject;
  facts.certificate_issuer = certificate.issuer;
  co_return std::unique_ptr<ByteStream>(std::move(*secured));
}

}  // namespace

Co<Result<NewOrigin>> connect_origin(const OriginTarget& target, Dialer& dialer, OriginTls& tls,
                                     const Clock& clock, const TimeoutSettings& timeouts) {
  auto guard = [policy = target.policy](const IpAddress& address) {
    return policy->network().may_dial(address);
  };
  auto dialed = co_await dialer.dial(target.host, target.port, guard, timeouts.connect);
  if (!dialed) co_return pass(std::move(dialed));
  NewOrigin made;
  made.facts.address = dialed->peer.text();
  made.facts.dns = dialed->dns;
  made.facts.connect = dialed->connect;
  made.facts.protocol = "http/1.1";
  made.stream = std::move(dialed->stream);
  if (target.scheme == "https") {
    const SteadyTime began = clock.steady();
    auto secured =
        co_await secure(target, std::move(made.stream), tls, made.facts, timeouts.origin_handshake);
    if (!secured) co_return pass(std::move(secured));
    made.facts.tls = clock.steady() - began;
    made.stream = std::move(*secured);
  }
  co_return made;
}

}  // namespace weir
