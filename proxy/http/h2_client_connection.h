// An HTTP/2 connection from a client (ALPN h2): each request becomes a ClientStream and a child
// coroutine. Owned by the session that accepted the connection and outlives serve(); loop thread
// only. However the connection ends, serve() returns after the last handler has.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "conf/settings.h"
#include "core/co.h"
#include "core/result.h"
#include "proxy/http/streams.h"
#include "proxy/net/byte_stream.h"

namespace weir {

class Loop;

class H2ClientConnection {
 public:
  using Handler = std::function<Co<void>(std::unique_ptr<ClientStream>)>;
  // Hears of requests that were refused before they became streams; see H2Session::Events.
  using RefusedHandler = std::function<void(const Error& why, int status)>;

  H2ClientConnection(Loop& loop, std::unique_ptr<ByteStream> stream, const LimitSettings& limits,
                     const TimeoutSettings& timeouts);
  ~H2ClientConnection();

  // Runs the connection. At most h2_streams handlers at once; requests beyond are refused in a way
  // that clients retry. Success: an orderly end without a running exchange.
  Co<Result<void>> serve(Handler on_request, RefusedHandler on_refused = {});

  // No new requests; serve() returns when those that run are finished. Before or during serve().
  void drain();
  // Ends the connection at once; every exchange fails.
  void close();
  std::size_t active() const;  // handlers that run

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir
