// An HTTP/1 connection to an origin: one exchange after the other. The pool owns it; loop thread
// only. It may be destroyed at any time: that closes it, and the exchange that runs gets errors.
//
// Errors of an exchange are retryable when another try can do no harm: no byte of the response
// came, and either nothing of the request had been sent, or the connection had been idle and the
// method is one that may be repeated (RFC 9110 9.2.2, RFC 9112 9.3.1).
#pragma once

#include <functional>
#include <memory>

#include "conf/settings.h"
#include "core/result.h"
#include "proxy/http/streams.h"
#include "proxy/net/byte_stream.h"

namespace weir {

class Loop;
struct H1OriginState;

class H1OriginConnection {
 public:
  H1OriginConnection(Loop& loop, std::unique_ptr<ByteStream> stream, OriginFacts facts,
                     const LimitSettings& limits, const TimeoutSettings& timeouts);
  ~H1OriginConnection();
  H1OriginConnection(const H1OriginConnection&) = delete;
  H1OriginConnection& operator=(const H1OriginConnection&) = delete;

  // A new exchange; null when one runs or the last one left the connection unfit. Does not look at
  // the socket: ask reusable() before.
  std::unique_ptr<OriginStream> start();
  // No exchange runs, the last one was complete in both directions, both sides stay, and the origin
  // has sent nothing since (one look at the socket).
  bool reusable() const;
  bool busy() const;
  // It was idle before its first exchange (dialled ahead): the origin may have closed it since.
  void note_rest();
  // Called whenever the stream of an exchange goes; the connection may be destroyed in it. {} to
  // clear.
  void on_done(std::move_only_function<void()> callback);

 private:
  std::shared_ptr<H1OriginState> state_;
};

}  // namespace weir
