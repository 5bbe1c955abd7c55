// An HTTP/1 connection from a client: one request after the other, each as a ClientStream. Owned by
// the session that accepted it; loop thread only. Pipelined requests wait in the buffer until the
// response before them is complete.
//
// While a response is awaited, on_gone tells when the client ends or breaks its side; a client that
// only closes its sending direction counts as gone too.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "conf/settings.h"
#include "core/co.h"
#include "core/result.h"
#include "proxy/http/streams.h"
#include "proxy/net/byte_stream.h"

namespace weir {

class Loop;
struct H1ClientState;

class H1ClientConnection {
 public:
  // `initial`: bytes of the client that were read before.
  H1ClientConnection(Loop& loop, std::unique_ptr<ByteStream> stream, std::string initial,
                     const LimitSettings& limits, const TimeoutSettings& timeouts);
  ~H1ClientConnection();  // closes; streams that are left return errors
  H1ClientConnection(const H1ClientConnection&) = delete;
  H1ClientConnection& operator=(const H1ClientConnection&) = delete;

  // The stream before must be gone. A request body that nobody read is read to its end if that is
  // near. Errors: closed (no further request: the client ended, was idle for too long, or the
  // connection must not be used again), malformed, too_large and unsupported (answer through
  // stream_for_error), truncated, timeout, and what the stream below says.
  Co<Result<std::unique_ptr<ClientStream>>> next_request();

  // To answer what could not be read as a request, as if to a GET. The connection ends after it.
  std::unique_ptr<ClientStream> stream_for_error();

  // After a 2xx to CONNECT, once its stream is gone: the connection and what the client has already
  // sent on it. on_gone is not to be used on the stream of a CONNECT.
  std::pair<std::unique_ptr<ByteStream>, std::string> take_stream();

  bool usable() const;  // another request may come
  // Ends the connection now if it waits for a request, else after the exchange that runs.
  void drain();

 private:
  std::shared_ptr<H1ClientState> state_;
};

}  // namespace weir
