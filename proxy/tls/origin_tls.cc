// The origin side: SNI and ALPN, sessions, and verification after the handshake. Verifying needs
// fetches, which OpenSSL's callback could not wait for, so the handshake accepts any certificate
// and connect() judges it before a single byte of ours is sent; nobody sees the stream before that.
#include <openssl/err.h>

#include <algorithm>
#include <array>

#include "core/metrics.h"
#include "proxy/tls/origin_verifier.h"
#include "proxy/tls/session_cache.h"
#include "proxy/tls/sign_wire.h"
#include "proxy/tls/tls.h"
#include "proxy/tls/tls_connection.h"

namespace weir {
namespace {

constexpr std::string_view kCiphers =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:DHE+AES:RSA+AESGCM:RSA+AES";
constexpr std::size_t kSessions = 2048;
constexpr Duration kRelyOnVerification = std::chrono::hours(1);
constexpr std::string_view kAlpnBoth = "\x02h2\x08http/1.1";
constexpr std::string_view kAlpnHttp11 = "\x08http/1.1";

constexpr auto kClientCertificateAlerts = std::to_array<int>({
    SSL_AD_CERTIFICATE_REQUIRED,
    SSL_AD_HANDSHAKE_FAILURE,
    SSL_AD_BAD_CERTIFICATE,
    SSL_AD_ACCESS_DENIED,
    SSL_AD_CERTIFICATE_UNKNOWN,
    SSL_AD_NO_CERTIFICATE,
});

// What OpenSSL's callbacks know of a connection: the SSL's app data. Owned by the stream, or by
// connect() until there is one; the cache outlives both.
struct OriginState {
  SessionCache* sessions = nullptr;
  std::string key;
  bool certificate_wanted = false;
  bool judged = false;  // sessions are kept only after that
  SessionPtr unjudged;  // one that came during the handshake (TLS 1.2)
  KnownOrigin origin;
};

OriginState* state_of(SSL* ssl) { return static_cast<OriginState*>(SSL_get_app_data(ssl)); }

std::optional<Errc> origin_alert(int alert, void* context) {
  const auto& state = *static_cast<const OriginState*>(context);
  if (!state.certificate_wanted) return std::nullopt;
  const bool about_it =
      std::ranges::find(kClientCertificateAlerts, alert) != kClientCertificateAlerts.end();
  return about_it ? std::optional(Errc::client_certificate_wanted) : std::nullopt;
}

int on_certificate_wanted(SSL* ssl, X509** /*cert*/, EVP_PKEY** /*key*/) {
  state_of(ssl)->certificate_wanted = true;
  return 0;  // go on without one
}

// The real judgement comes after the handshake; see the top.
int on_certificate(X509_STORE_CTX* context, void* /*argument*/) {
  X509_STORE_CTX_set_error(context, X509_V_OK);
  return 1;
}

int on_new_session(SSL* ssl, SSL_SESSION* session) {
  OriginState* state = state_of(ssl);
  SessionPtr owned(session);
  if (!state->judged) {
    state->unjudged = std::move(owned);
  } else {
    state->sessions->put(state->key, {std::move(owned), state->origin});
  }
  return 1;  // the reference is ours
}

class OriginStream final : public TlsStreamOver<OriginTlsStream> {
 public:
  OriginStream(std::unique_ptr<TlsConnection> connection, std::unique_ptr<OriginState> state)
      : TlsStreamOver(std::move(connection)), state_(std::move(state)) {}
  ~OriginStream() override { connection_.reset(); }  // before the state that its callbacks use
  OriginStream(const OriginStream&) = delete;
  OriginStream& operator=(const OriginStream&) = delete;

  const OriginCertificate& certificate() const override { return *state_->origin.certificate; }

 private:
  std::unique_ptr<OriginState> state_;
};

OriginCertificate facts_of(X509* leaf) {
  OriginCertificate out;
  const std::string der = der_of(*leaf);
  out.sha256 = sha256_hex(as_bytes(der));
  out.sha1 = hex(sha1(as_bytes(der)));  // lists of certificates go by it
  out.subject = name_text(X509_get_subject_name(leaf));
  out.issuer = name_text(X509_get_issuer_name(leaf));
  return out;
}

std::vector<X509Ptr> shown_chain(SSL* ssl) {
  std::vector<X509Ptr> out;
  STACK_OF(X509)* shown = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < sk_X509_num(shown); ++i) out.push_back(share(sk_X509_value(shown, i)));
  return out;
}

std::string staple_of(SSL* ssl) {
  const unsigned char* staple = nullptr;
  const long size = SSL_get_tlsext_status_ocsp_resp(ssl, &staple);
  if (staple == nullptr || size <= 0) return "";
  return std::string(as_text({staple, static_cast<std::size_t>(size)}));
}

// The most serious problem that policy does not accept; null: the connection may go on.
const ChainProblem* unaccepted(const ChainJudgement& judged,
                               const std::vector<std::string>& accepted) {
  for (const ChainProblem& problem : judged.problems) {
    if (std::ranges::find(accepted, problem.reason) == accepted.end()) return &problem;
  }
  return nullptr;
}

class LoopOriginTls final : public OriginTls {
 public:
  LoopOriginTls(SslContextPtr context, std::shared_ptr<const TrustStore> trust,
                const TlsSettings& settings, const Clock& clock, CertificateFetch fetch,
                Metrics& metrics)
      : clock_(clock),
        ask_for_staple_(settings.revocation != "off"),
        verifier_(std::move(trust), settings, clock, std::move(fetch), metrics),
        sessions_(kSessions),
        full_(metrics.counter("weir_origin_handshakes_total", "TLS handshakes with origins.",
                              {{"kind", "full"}})),
        resumed_(metrics.counter("weir_origin_handshakes_total", "", {{"kind", "resumed"}})),
        context_(std::move(context)) {}

  Co<Result<std::unique_ptr<OriginTlsStream>>> connect(std::unique_ptr<ByteStream> tcp,
                                                       OriginTlsRequest request,
                                                       Duration limit) override {
    const SteadyTime deadline = clock_.steady() + limit;
    auto state = std::make_unique<OriginState>();
    state->sessions = &sessions_;
    state->key = session_key(request, tcp->peer());
    auto ssl = prepare(request, *state);
    if (!ssl) co_return pass(std::move(ssl));
    auto connection =
        std::make_unique<TlsConnection>(std::move(tcp), "", std::move(*ssl), Fault::origin);
    connection->set_alert_meaning(origin_alert, state.get());
    auto done = co_await connection->handshake(clock_, deadline);
    if (!done) {
      sessions_.erase(state->key);
      co_return pass(std::move(done));
    }
    if (auto fine = co_await settle_certificate(*connection, request, *state, deadline); !fine) {
      connection->close(true);
      co_return pass(std::move(fine));
    }
    co_return std::make_unique<OriginStream>(std::move(connection), std::move(state));
  }

 private:
  static std::string session_key(const OriginTlsRequest& request, const Endpoint& peer) {
    auto accepted = request.accepted_errors;
    std::ranges::sort(accepted);
    std::string key = request.host + ' ' + std::to_string(peer.port);
    key += request.offer_h2 ? " h2" : " h1";
    for (const std::string& word : accepted) key += ' ' + word;
    return key;
  }

  Result<SslPtr> prepare(const OriginTlsRequest& request, OriginState& state) {
    ERR_clear_error();
    SslPtr ssl(SSL_new(context_.get()));
    if (!ssl) return openssl_failure("TLS to the origin");
    const std::string_view alpn = request.offer_h2 ? kAlpnBoth : kAlpnHttp11;
    const bool named = is_ip_literal(request.host) ||
                       SSL_set_tlsext_host_name(ssl.get(), request.host.c_str()) == 1;
    if (!named || SSL_set_alpn_protos(ssl.get(), as_bytes(alpn).data(),
                                      static_cast<unsigned>(alpn.size())) != 0) {
      return openssl_failure("TLS to " + request.host);
    }
    if (ask_for_staple_) SSL_set_tlsext_status_type(ssl.get(), TLSEXT_STATUSTYPE_ocsp);
    SSL_set_app_data(ssl.get(), &state);
    if (auto kept = sessions_.take(state.key, clock_.wall())) {
      SSL_set_session(ssl.get(), kept->session.get());
      state.origin = std::move(kept->origin);
    }
    SSL_set_connect_state(ssl.get());
    return ssl;
  }

  // Fills state.origin. A resumed session stands for the certificate that was judged when it began.
  Co<Result<void>> settle_certificate(TlsConnection& connection, const OriginTlsRequest& request,
                                      OriginState& state, SteadyTime deadline) {
    SSL* ssl = connection.ssl();
    if (connection.info().resumed && state.origin.certificate) {
      resumed_.add();
    } else {
      full_.add();
      if (auto fine = co_await judge(ssl, request, state, deadline); !fine) co_return fine;
    }
    state.judged = true;
    if (state.unjudged) sessions_.put(state.key, {std::move(state.unjudged), state.origin});
    co_return Result<void>{};
  }

  Co<Result<void>> judge(SSL* ssl, const OriginTlsRequest& request, OriginState& state,
                         SteadyTime deadline) {
    OriginChain chain{shown_chain(ssl), request.host, staple_of(ssl)};
    if (chain.certificates.empty()) {
      co_return fail(Errc::tls_certificate, Fault::origin,
                     "other: the origin showed no certificate");
    }
    const X509Ptr leaf = share(chain.certificates[0].get());
    const ChainJudgement judged = co_await verifier_.judge(std::move(chain), deadline);
    if (const ChainProblem* problem = unaccepted(judged, request.accepted_errors)) {
      co_return fail(Errc::tls_certificate, Fault::origin,
                     problem->reason + ": " + problem->detail);
    }
    OriginCertificate facts = facts_of(leaf.get());
    facts.error = judged.reason;
    facts.error_detail = judged.detail;
    state.origin.certificate = std::make_shared<const OriginCertificate>(std::move(facts));
    state.origin.valid_until = rely_until(leaf.get(), judged.ok);
    co_return Result<void>{};
  }

  WallTime rely_until(X509* leaf, bool verified) const {
    const WallTime soon =
        clock_.wall() + std::chrono::duration_cast<WallTime::duration>(kRelyOnVerification);
    return verified ? std::min(soon, wall_from_asn1(X509_get0_notAfter(leaf))) : soon;
  }

  const Clock& clock_;
  bool ask_for_staple_;
  OriginVerifier verifier_;
  SessionCache sessions_;
  Counter& full_;
  Counter& resumed_;
  SslContextPtr context_;
};

SslContextPtr make_context() {
  SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (!context) return nullptr;
  set_common_options(context.get());
  // Weak certificates must reach our own judgement, which names them; handshakes stay above SHA-1.
  SSL_CTX_set_security_level(context.get(), 1);
  SSL_CTX_set_cipher_list(context.get(), kCiphers.data());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), on_certificate, nullptr);
  SSL_CTX_set_client_cert_cb(context.get(), on_certificate_wanted);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context.get(), on_new_session);
  return context;
}

}  // namespace

std::unique_ptr<OriginTls> make_origin_tls(std::shared_ptr<const TrustStore> trust,
                                           const TlsSettings& settings, const Clock& clock,
                                           CertificateFetch fetch, Metrics& metrics) {
  return std::make_unique<LoopOriginTls>(make_context(), std::move(trust), settings, clock,
                                         std::move(fetch), metrics);
}

}  // namespace weir
