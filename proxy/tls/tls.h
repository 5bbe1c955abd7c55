// TLS on both sides of the gateway. OpenSSL is included only by the sources of this folder.
// Loop thread only, except that contexts are immutable after start and shared.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conf/settings.h"
#include "core/bytes.h"
#include "core/clock.h"
#include "core/co.h"
#include "core/result.h"
#include "proxy/net/byte_stream.h"

namespace weir {

class Loop;
class Metrics;

// ---- client side -----------------------------------------------------------------------------

struct Leaf;  // a minted certificate ready for use (certificate, key, chain); shared, immutable

// Mints leaves through weir-sign; one per loop, with a bounded cache. Single flight per host.
class Issuer {
 public:
  virtual ~Issuer() = default;
  // host: canonical DNS name or IP literal. Errors: busy, crashed (the signer is gone), invalid.
  virtual Co<Result<std::shared_ptr<const Leaf>>> leaf_for(std::string host) = 0;
};

struct TlsInfo {
  std::string version;  // "TLSv1.3"
  std::string cipher;
  std::string alpn;  // "" when none was agreed
  std::string sni;   // as negotiated
  bool resumed = false;
};

class TlsStream : public ByteStream {
 public:
  virtual const TlsInfo& info() const = 0;
};

// The server context shared by all loops: versions, ticket keys that rotate, ALPN h2 + http/1.1.
class ClientTls {
 public:
  static Result<std::unique_ptr<ClientTls>> make(const TlsSettings& settings, const Clock& clock);
  virtual ~ClientTls() = default;
  // `already_read` is what the caller took from tcp (the ClientHello and maybe more).
  // tls_client_rejected: the client refused the certificate by alert (pinning).
  virtual Co<Result<std::unique_ptr<TlsStream>>> accept(std::unique_ptr<ByteStream> tcp,
                                                        std::string already_read,
                                                        std::shared_ptr<const Leaf> leaf,
                                                        bool offer_h2, Duration limit) = 0;
  virtual void rotate_if_due() = 0;  // any thread
};

// ---- origin side -----------------------------------------------------------------------------

struct OriginTlsRequest {
  std::string host;  // canonical; SNI and the name to verify
  bool offer_h2 = true;
  std::vector<std::string> accepted_errors;  // certificate errors that policy accepts here
};

struct OriginCertificate {
  std::string sha256, sha1, subject, issuer;
  std::string error;  // "" = verified; else the reason word, e.g. "expired"
  std::string error_detail;
};

class OriginTlsStream : public TlsStream {
 public:
  virtual const OriginCertificate& certificate() const = 0;
};

// Fetches small things over plain HTTP for the verifier (AIA, CRL, OCSP). The app provides it over
// the gateway's own dialer, so that the address guard holds. Bounded by the caller's limits.
using CertificateFetch = std::function<Co<Result<std::string>>(
    std::string url, std::string post_body, std::string content_type, std::size_t max_bytes,
    Duration limit)>;

// The client context: trust store, verification with reasons, AIA, revocation, session cache.
// One per loop (the session cache is not shared), made from a shared immutable trust store.
class OriginTls {
 public:
  virtual ~OriginTls() = default;
  // tls_certificate: Error::what starts with the reason word ("expired: ...").
  // client_certificate_wanted: the origin asked for one and ended the handshake without.
  virtual Co<Result<std::unique_ptr<OriginTlsStream>>> connect(std::unique_ptr<ByteStream> tcp,
                                                               OriginTlsRequest request,
                                                               Duration limit) = 0;
};

class TrustStore;  // immutable, shared; see verify.h
Result<std::shared_ptr<const TrustStore>> load_trust(const TlsSettings& settings);
std::unique_ptr<OriginTls> make_origin_tls(std::shared_ptr<const TrustStore> trust,
                                           const TlsSettings& settings, const Clock& clock,
                                           CertificateFetch fetch, Metrics& metrics);

}  // namespace weir
