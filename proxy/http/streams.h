// One HTTP exchange as a transaction sees it, the same for HTTP/1 and HTTP/2 on both sides. The
// drivers behind these (h1_*, h2_*) own the codecs and the connection; a stream object lives as
// long as its exchange. Loop thread only. One coroutine may read while another writes.
//
// After a 101 (h1) or a 2xx to CONNECT / extended CONNECT the same calls carry raw bytes both ways:
// read_body ends when the peer ends its direction, send_end ends ours.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/co.h"
#include "core/http_message.h"
#include "core/result.h"

namespace weir {

// A piece of a body; valid until the next call on the same stream. nullopt: the message is complete
// (as its framing says, not merely closed).
using BodyPiece = std::optional<ByteView>;

// The side towards the client: reads a request, writes a response.
class ClientStream {
 public:
  virtual ~ClientStream() = default;
  virtual const RequestHead& request() const = 0;

  // Errors: truncated (client went away), malformed, timeout, too_large.
  virtual Co<Result<BodyPiece>> read_body() = 0;
  virtual const Fields& request_trailers() const = 0;  // after read_body gave nullopt

  // 1xx other than 101. A 100 is sent at most once; ignored for HTTP/1.0 clients.
  virtual Co<Result<void>> send_informational(const ResponseHead& head) = 0;
  // framing tells how the body will be delimited; the driver turns length-less bodies into what the
  // client's version can take (chunked, h2 DATA, until-close for HTTP/1.0). For `none`, complete.
  virtual Co<Result<void>> send_head(const ResponseHead& head) = 0;
  // Sends a buffered head now, for a body whose first piece may be long in coming.
  virtual Co<Result<void>> flush() = 0;
  virtual Co<Result<void>> send_body(ByteView piece) = 0;
  virtual Co<Result<void>> send_end(const Fields& trailers) = 0;

  // Ends the exchange so that the client cannot take what it has for a complete message: h2
  // RST_STREAM, h1 close short of Content-Length or the last chunk, with RST for until-close.
  virtual void reset() = 0;
  // True if the response framing lets reset() show (not an until-close body over plain HTTP/1.0).
  virtual bool can_show_truncation() const = 0;
  // Called once, from the loop, when the client goes away or resets before send_end; never after
  // the stream is destroyed. Set again to replace, with {} to clear.
  virtual void on_gone(std::move_only_function<void()> callback) = 0;
  virtual bool gone() const = 0;
  virtual std::uint64_t bytes_in() const = 0;   // body bytes read
  virtual std::uint64_t bytes_out() const = 0;  // body bytes written
};

// Facts of the origin connection that events and policy want.
struct OriginFacts {
  std::string address;      // "203.0.113.5:443"
  std::string tls_version;  // "TLSv1.3", "" for plain
  std::string tls_cipher;
  std::string certificate_sha256, certificate_sha1;
  std::string certificate_subject;
  std::string certificate_issuer;
  std::string protocol;  // "http/1.1", "h2"
  bool reused = false;
  std::chrono::nanoseconds dns{}, connect{}, tls{};  // zero when reused
};

// The side towards the origin: writes a request, reads a response.
class OriginStream {
 public:
  virtual ~OriginStream() = default;
  virtual const OriginFacts& facts() const = 0;

  // Errors are retryable exactly when the origin cannot have acted on the request.
  virtual Co<Result<void>> send_head(const RequestHead& head) = 0;
  virtual Co<Result<void>> send_body(ByteView piece) = 0;
  virtual Co<Result<void>> send_end(const Fields& trailers) = 0;

  // The next response head; after an informational one call again.
  virtual Co<Result<ResponseHead>> read_head(Duration limit) = 0;
  virtual Co<Result<BodyPiece>> read_body(Duration limit) = 0;
  virtual const Fields& response_trailers() const = 0;

  // Gives the exchange up: h2 RST_STREAM(CANCEL), h1 closes the connection. Wakes waiting calls
  // with Errc::cancelled. Destroying an incomplete stream does the same.
  virtual void reset() = 0;
};

}  // namespace weir
