// One TLS connection over a ByteStream: handshake, records, orderly and abrupt ends. Both sides of
// the gateway use it; what differs (certificates, who is to blame) comes from outside. Loop thread
// only; one reader and one writer may wait at the same time. An idle connection holds no buffer.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "proxy/net/byte_stream.h"
#include "proxy/tls/byte_bio.h"
#include "proxy/tls/tls.h"

namespace weir {

using SslPtr = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;

// Modes and limits that both contexts share.
void set_common_options(SSL_CTX* context);

// What a received alert means on this side before any data came; nullopt: nothing special.
using AlertMeaning = std::optional<Errc> (*)(int alert, void* context);

class TlsConnection {
 public:
  // `peer_fault` is whom protocol errors are blamed on.
  TlsConnection(std::unique_ptr<ByteStream> below, std::string already_read, SslPtr ssl,
                Fault peer_fault);
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  SSL* ssl() { return ssl_.get(); }
  void set_alert_meaning(AlertMeaning meaning, void* context);

  // After SSL_set_accept_state or _connect_state. timeout, truncated, tls_handshake, or what the
  // alert means. The context's clock bounds the whole of it.
  Co<Result<void>> handshake(const Clock& clock, SteadyTime deadline);

  Result<IoStep> try_read(MutableBytes into);
  Result<IoStep> try_write(ByteView from);
  Co<Result<void>> wait(Wait what, Duration limit);
  void shutdown_write();
  void close(bool abrupt);
  bool is_open() const { return bio_.below().is_open(); }
  bool peer_gone();
  const ByteStream& below() const { return bio_.below(); }
  const TlsInfo& info() const { return info_; }

 private:
  enum class Stop : std::uint8_t { wants_input, ended, failed };
  Stop stopped_by(int result, std::string_view doing);
  Error failure(std::string_view doing);
  Error alert_failure(int alert, std::string_view doing);
  void note_read_stop(int result);
  Result<IoStep> finish_held();
  void fill_info();

  ByteBio bio_;
  SslPtr ssl_;  // after bio_: it goes first
  Fault peer_fault_;
  TlsInfo info_;
  AlertMeaning alert_meaning_ = nullptr;
  void* alert_context_ = nullptr;
  std::optional<Error> error_;  // sticky; reading and writing both end
  std::size_t held_ = 0;        // bytes encrypted but not yet reported as written
  bool established_ = false;
  bool drained_ = false;  // nothing to read until the stream below is readable again
  bool ended_ = false;    // close_notify came
  bool got_data_ = false;
  bool reader_waits_ = false;
};

// The ByteStream face of a connection, for either stream interface.
template <class Interface>
class TlsStreamOver : public Interface {
 public:
  explicit TlsStreamOver(std::unique_ptr<TlsConnection> connection)
      : connection_(std::move(connection)) {}

  Result<IoStep> try_read(MutableBytes into) override { return connection_->try_read(into); }
  Result<IoStep> try_write(ByteView from) override { return connection_->try_write(from); }
  Co<Result<void>> wait(Wait what, Duration limit) override {
    return connection_->wait(what, limit);
  }
  void shutdown_write() override { connection_->shutdown_write(); }
  void close(bool abrupt) override { connection_->close(abrupt); }
  bool is_open() const override { return connection_->is_open(); }
  bool peer_gone() const override { return connection_->peer_gone(); }
  Endpoint peer() const override { return connection_->below().peer(); }
  Endpoint local() const override { return connection_->below().local(); }
  int native_fd() const override { return connection_->below().native_fd(); }
  const TlsInfo& info() const override { return connection_->info(); }

 protected:
  std::unique_ptr<TlsConnection> connection_;
};

}  // namespace weir
