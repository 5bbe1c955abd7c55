// An HTTP/2 connection to an origin, shared by many exchanges. The pool owns it and spawns run();
// loop thread only. It may be destroyed at any time: that ends the connection, its exchanges then
// return errors (as they do when the origin breaks it), and run() returns soon after.
//
// Errors of an exchange are retryable when the origin cannot have acted on it: refused streams,
// those beyond a GOAWAY, those whose head never went out, and HTTP_1_1_REQUIRED (Errc::unsupported:
// try again over HTTP/1.1); and when a connection that had been used or idle ends before a word of
// the answer and the method may be repeated (RFC 9110 9.2.2). send_body after the origin has
// answered in full and wants no more is Errc::closed: the response can still be read.
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

class H2OriginConnection {
 public:
  H2OriginConnection(Loop& loop, std::unique_ptr<ByteStream> stream, OriginFacts facts,
                     const LimitSettings& limits, const TimeoutSettings& timeouts);
  ~H2OriginConnection();

  // Reads and writes until the connection has ended. Once; holds what it needs by itself.
  Co<void> run();

  // A new exchange; null when usable() is false.
  std::unique_ptr<OriginStream> open();
  // Neither side is leaving and the origin's limit on concurrent streams is not reached.
  bool usable() const;
  bool alive() const;          // the connection has not ended
  std::size_t active() const;  // exchanges that exist
  // Waits until the origin's SETTINGS are known, e.g. before asking for extended CONNECT.
  Co<Result<void>> settled(Duration limit);
  bool supports_extended_connect() const;  // RFC 8441; false before settled()

  // It was idle before its first exchange (dialled ahead): the origin may have closed it since.
  void note_rest();

  void drain();  // no new exchanges; the connection ends with the last one
  void close();  // at once
  // Called from the loop whenever active() falls or the connection ends; {} to clear.
  void on_change(std::function<void()> callback);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir
