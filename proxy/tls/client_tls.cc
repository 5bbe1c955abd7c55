// The client side: our certificate for their host name, ALPN, tickets, and what their alerts mean.
#include <openssl/err.h>

#include <algorithm>
#include <array>

#include "proxy/tls/leaf.h"
#include "proxy/tls/ticket_keys.h"
#include "proxy/tls/tls.h"
#include "proxy/tls/tls_connection.h"

namespace weir {
namespace {

constexpr std::string_view kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES";

// Alerts by which a client says that it does not accept the certificate (RFC 8446 6.2).
constexpr auto kRejections = std::to_array<int>({
    SSL_AD_BAD_CERTIFICATE,
    SSL_AD_UNSUPPORTED_CERTIFICATE,
    SSL_AD_CERTIFICATE_REVOKED,
    SSL_AD_CERTIFICATE_EXPIRED,
    SSL_AD_CERTIFICATE_UNKNOWN,
    SSL_AD_UNKNOWN_CA,
    SSL_AD_ACCESS_DENIED,
    SSL_AD_BAD_CERTIFICATE_STATUS_RESPONSE,
});

std::optional<Errc> client_alert(int alert, void* /*context*/) {
  const bool rejects = std::ranges::find(kRejections, alert) != kRejections.end();
  return rejects ? std::optional(Errc::tls_client_rejected) : std::nullopt;
}

class ClientStream final : public TlsStreamOver<TlsStream> {
 public:
  using TlsStreamOver::TlsStreamOver;
};

constexpr std::string_view kH2 = "h2";
constexpr std::string_view kHttp11 = "http/1.1";

bool offers(ByteView list, std::string_view wanted) {
  while (!list.empty()) {
    const std::size_t size = list[0];
    if (size + 1 > list.size()) return false;
    if (as_text(list.subspan(1, size)) == wanted) return true;
    list = list.subspan(size + 1);
  }
  return false;
}

// The connection's app data is non-null when h2 may be chosen.
int on_alpn(SSL* ssl, const unsigned char** chosen, unsigned char* size,
            const unsigned char* offered, unsigned offered_size, void* /*argument*/) {
  const ByteView list(offered, offered_size);
  const bool h2 = SSL_get_app_data(ssl) != nullptr;
  const std::string_view pick = h2 && offers(list, kH2) ? kH2 : kHttp11;
  if (!offers(list, pick)) return SSL_TLSEXT_ERR_NOACK;
  *chosen = as_bytes(pick).data();
  *size = static_cast<unsigned char>(pick.size());
  return SSL_TLSEXT_ERR_OK;
}

class SharedClientTls final : public ClientTls {
 public:
  SharedClientTls(SslContextPtr context, std::unique_ptr<TicketKeys> tickets, const Clock& clock)
      : clock_(clock), tickets_(std::move(tickets)), context_(std::move(context)) {}

  Co<Result<std::unique_ptr<TlsStream>>> accept(std::unique_ptr<ByteStream> tcp,
                                                std::string already_read,
                                                std::shared_ptr<const Leaf> leaf, bool offer_h2,
                                                Duration limit) override {
    const SteadyTime deadline = clock_.steady() + limit;
    auto ssl = prepare(*leaf, offer_h2);
    if (!ssl) co_return pass(std::move(ssl));
    auto connection = std::make_unique<TlsConnection>(std::move(tcp), std::move(already_read),
                                                      std::move(*ssl), Fault::client);
    connection->set_alert_meaning(client_alert, nullptr);
    auto done = co_await connection->handshake(clock_, deadline);
    if (!done) co_return pass(std::move(done));
    co_return std::make_unique<ClientStream>(std::move(connection));
  }

  void rotate_if_due() override { tickets_->rotate_if_due(clock_.steady()); }

 private:
  Result<SslPtr> prepare(const Leaf& leaf, bool offer_h2) {
    ERR_clear_error();
    SslPtr ssl(SSL_new(context_.get()));
    if (!ssl || SSL_use_certificate(ssl.get(), leaf.cert.get()) != 1 ||
        SSL_use_PrivateKey(ssl.get(), leaf.key->get()) != 1 ||
        SSL_set_session_id_context(ssl.get(), leaf.session_context.data(),
                                   leaf.session_context.size()) != 1) {
      return openssl_failure("TLS to the client");
    }
    if (leaf.chain) {
      for (const X509Ptr& cert : *leaf.chain) SSL_add1_chain_cert(ssl.get(), cert.get());
    }
    SSL_set_app_data(ssl.get(), offer_h2 ? this : nullptr);
    SSL_set_accept_state(ssl.get());
    return ssl;
  }

  const Clock& clock_;
  std::unique_ptr<TicketKeys> tickets_;  // before context_, which refers to it
  SslContextPtr context_;
};

}  // namespace

Result<std::unique_ptr<ClientTls>> ClientTls::make(const TlsSettings& settings,
                                                   const Clock& clock) {
  auto tickets = TicketKeys::make(settings.ticket_key_rotation, clock.steady());
  if (!tickets) return pass(std::move(tickets));
  SslContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context || SSL_CTX_set_cipher_list(context.get(), kCiphers.data()) != 1) {
    return openssl_failure("TLS context for clients");
  }
  set_common_options(context.get());
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // tickets hold the state
  SSL_CTX_set_alpn_select_cb(context.get(), on_alpn, nullptr);
  (*tickets)->install(context.get());
  return std::make_unique<SharedClientTls>(std::move(context), std::move(*tickets), clock);
}

}  // namespace weir
