#include "proxy/tls/tls_connection.h"

#include <openssl/err.h>

#include <algorithm>

namespace weir {
namespace {

constexpr std::size_t kBatchBytes = 64 * 1024;  // plain text per system call
constexpr std::size_t kRecordBytes = 16 * 1024;
constexpr std::size_t kRecordOverhead = 64;
constexpr std::size_t kReadBuffer = 64 * 1024;
constexpr int kAlertReasons = 1000;  // OpenSSL: reason of a received alert = 1000 + its number

}  // namespace

void set_common_options(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // A FIN without close_notify must stay an error: a truncated transfer never looks complete.
  SSL_CTX_clear_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, kReadBuffer);
  SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384:P-521");
}

TlsConnection::TlsConnection(std::unique_ptr<ByteStream> below, std::string already_read,
                             SslPtr ssl, Fault peer_fault)
    : bio_(std::move(below), std::move(already_read)),
      ssl_(std::move(ssl)),
      peer_fault_(peer_fault) {
  BIO* bio = bio_.make_bio().release();
  SSL_set_bio(ssl_.get(), bio, bio);
}

// OpenSSL takes a connection that goes without close_notify for a broken one and makes its session
// unusable. Ours go that way in good health: pooled, or reset because the other side went away.
TlsConnection::~TlsConnection() {
  if (established_ && !error_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN);
}

void TlsConnection::set_alert_meaning(AlertMeaning meaning, void* context) {
  alert_meaning_ = meaning;
  alert_context_ = context;
}

Error TlsConnection::alert_failure(int alert, std::string_view doing) {
  Error error{established_ ? Errc::truncated : Errc::tls_handshake, peer_fault_, false, ""};
  if (alert_meaning_ != nullptr && !got_data_) {
    error.code = alert_meaning_(alert, alert_context_).value_or(error.code);
  }
  error.what = "TLS " + std::string(doing) + ": the peer sent alert " + std::to_string(alert) +
               " (" + SSL_alert_desc_string_long(alert) + ")";
  return error;
}

// From OpenSSL's error queue and what the stream below said.
Error TlsConnection::failure(std::string_view doing) {
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  const std::string text = take_openssl_error();
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= kAlertReasons && reason < kAlertReasons + 256) {
    return alert_failure(reason - kAlertReasons, doing);
  }
  if (bio_.error()) return *bio_.error();
  const std::string where = "TLS " + std::string(doing) + ": ";
  if (bio_.ended()) {
    return {Errc::truncated, peer_fault_, false,
            where + "the connection ended without close_notify"};
  }
  return {established_ ? Errc::malformed : Errc::tls_handshake, peer_fault_, false, where + text};
}

TlsConnection::Stop TlsConnection::stopped_by(int result, std::string_view doing) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return Stop::wants_input;
    case SSL_ERROR_ZERO_RETURN: return Stop::ended;
    default: break;
  }
  if (!error_) error_ = failure(doing);
  return Stop::failed;
}

Co<Result<void>> TlsConnection::handshake(const Clock& clock, SteadyTime deadline) {
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    const Stop stop = result == 1 ? Stop::ended : stopped_by(result, "handshake");
    auto flushed = bio_.flush();
    if (stop == Stop::failed) co_return std::unexpected(*error_);
    while (flushed && !*flushed) {
      auto ready = co_await bio_.below().wait(Wait::writable, deadline - clock.steady());
      if (!ready) co_return pass(std::move(ready));
      flushed = bio_.flush();
    }
    if (!flushed) co_return pass(std::move(flushed));
    if (result == 1) break;
    if (stop == Stop::ended) {
      co_return fail(Errc::tls_handshake, peer_fault_, "TLS handshake: closed by the peer");
    }
    auto ready = co_await bio_.below().wait(Wait::readable, deadline - clock.steady());
    if (!ready) co_return pass(std::move(ready));
  }
  established_ = true;
  fill_info();
  co_return Result<void>{};
}

void TlsConnection::fill_info() {
  const auto text = [](const char* value) { return value != nullptr ? value : ""; };
  info_.version = text(SSL_get_version(ssl_.get()));
  info_.cipher = text(SSL_get_cipher_name(ssl_.get()));
  info_.sni = text(SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name));
  info_.resumed = SSL_session_reused(ssl_.get()) == 1;
  const unsigned char* alpn = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &alpn, &size);
  if (size > 0) info_.alpn = as_text({alpn, size});
}

void TlsConnection::note_read_stop(int result) {
  switch (stopped_by(result, "read")) {
    case Stop::wants_input: drained_ = true; break;
    case Stop::ended: ended_ = true; break;
    case Stop::failed: break;
  }
}

Result<IoStep> TlsConnection::try_read(MutableBytes into) {
  IoStep step;
  ERR_clear_error();
  while (!error_ && !ended_ && step.bytes < into.size()) {
    std::size_t got = 0;
    const MutableBytes rest = into.subspan(step.bytes);
    const int result = SSL_read_ex(ssl_.get(), rest.data(), rest.size(), &got);
    if (result != 1) {
      note_read_stop(result);
      break;
    }
    step.bytes += got;
    got_data_ = true;
    drained_ = false;
    if (SSL_has_pending(ssl_.get()) == 0) break;  // another read would only ask the kernel
  }
  if (bio_.unsent() > 0 && held_ == 0) static_cast<void>(bio_.flush().has_value());
  if (step.bytes > 0) return step;
  if (error_) return std::unexpected(*error_);
  step.eof = ended_;
  if (!ended_) step.wait = Wait::readable;
  return step;
}

// Bytes that were encrypted into a batch which the kernel did not take whole: reported as written
// once it has.
Result<IoStep> TlsConnection::finish_held() {
  auto flushed = bio_.flush();
  if (!flushed) return pass(std::move(flushed));
  if (!*flushed) return IoStep{0, false, Wait::writable};
  return IoStep{std::exchange(held_, 0), false, Wait::none};
}

Result<IoStep> TlsConnection::try_write(ByteView from) {
  if (error_) return std::unexpected(*error_);
  if (held_ > 0) return finish_held();
  if (from.empty()) return IoStep{};
  auto flushed = bio_.flush();
  if (!flushed) return pass(std::move(flushed));
  if (!*flushed) return IoStep{0, false, Wait::writable};
  from = from.first(std::min(from.size(), kBatchBytes));
  bio_.expect_output(from.size() + (from.size() / kRecordBytes + 1) * kRecordOverhead);
  ERR_clear_error();
  while (held_ < from.size()) {
    std::size_t put = 0;
    const ByteView rest = from.subspan(held_);
    const int result = SSL_write_ex(ssl_.get(), rest.data(), rest.size(), &put);
    if (result != 1) {
      if (!error_) error_ = failure("write");
      return std::unexpected(*error_);
    }
    held_ += put;
  }
  return finish_held();
}

Co<Result<void>> TlsConnection::wait(Wait what, Duration limit) {
  if (what == Wait::none) co_return Result<void>{};
  if (what == Wait::writable) co_return co_await bio_.below().wait(what, limit);
  const bool has_input = bio_.has_prefix() || SSL_has_pending(ssl_.get()) == 1;
  if (error_ || ended_ || (!drained_ && has_input)) co_return Result<void>{};
  reader_waits_ = true;
  auto ready = co_await bio_.below().wait(what, limit);
  reader_waits_ = false;
  if (ready) drained_ = false;
  co_return ready;
}

void TlsConnection::shutdown_write() {
  if (established_ && !error_ && held_ == 0) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
    if (auto flushed = bio_.flush(); !flushed || !*flushed) return;  // no FIN inside a record
  }
  bio_.below().shutdown_write();
}

void TlsConnection::close(bool abrupt) { bio_.below().close(abrupt); }

// Looks into the TLS as well, where a close_notify or an alert may lie; keeps what data it finds.
bool TlsConnection::peer_gone() {
  if (error_ || ended_ || bio_.below().peer_gone()) return true;
  if (reader_waits_) return false;  // it will see for itself; taking its input would starve it
  std::uint8_t byte = 0;
  std::size_t got = 0;
  ERR_clear_error();
  const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &got);
  if (result != 1) note_read_stop(result);
  if (result == 1) drained_ = false;
  return error_ || ended_;
}

}  // namespace weir
