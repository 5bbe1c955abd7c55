// HTTP/2 (RFC 9113) without sockets: bytes in, events; calls, bytes out. Both roles. Wraps the
// protocol engine and with h2_engine the only place that includes it; adds strict heads, flood
// limits and window updates that follow what the application took.
//
// Owned by one connection, loop thread only. After a failed feed() the streams have ended with
// errors and what is still to be written (a GOAWAY that says why) can be pulled; nothing else
// works any more.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "conf/settings.h"
#include "core/bytes.h"
#include "core/clock.h"
#include "core/result.h"
#include "proxy/http/h2_head.h"
#include "proxy/http/h2_meter.h"
#include "proxy/http/h2_stream.h"

struct nghttp2_session;

namespace weir {

enum class H2Code : std::uint32_t {
  no_error = 0,
  protocol_error = 1,
  internal_error = 2,
  refused_stream = 7,
  cancel = 8,
  enhance_your_calm = 11,
};

class H2Session {
 public:
  class Events {
   public:
    // Server role: a whole request head; the body follows in the stream.
    virtual void on_request(std::shared_ptr<H2Stream> stream) = 0;
    // The peer's SETTINGS or GOAWAY came.
    virtual void on_peer_changed() = 0;
    // Server role: a request that never became one; `status` is what its sender got, 0 = a reset.
    virtual void on_refused(const Error& why, int status) {
      static_cast<void>(why);
      static_cast<void>(status);
    }

   protected:
    ~Events() = default;
  };

  H2Session(H2Role role, const LimitSettings& limits, const Clock& clock, Events& events);
  ~H2Session();
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  // Bytes from the peer. The error ends the connection.
  Result<void> feed(ByteView bytes);
  // Fills `into` (at least 17 KiB) with what is to be written; 0 = nothing now.
  std::size_t pull(MutableBytes into);
  bool wants_write() const;
  // True when neither side has anything more to say.
  bool done() const;
  // The connection is gone: every stream ends with `error`, retryable where nothing was sent.
  void lose(const Error& error);
  // No new streams; those there may finish. Server role: waits a round trip before it is final.
  void drain();
  // GOAWAY at once, for a connection without streams.
  void say_goodbye();

  // Client role. The stream's id is set; Errc::invalid for a head that cannot be carried.
  Result<void> request(const std::shared_ptr<H2Stream>& stream, const RequestHead& head);
  // Server role; `end` when no body and no trailers follow.
  Result<void> respond(H2Stream& stream, const ResponseHead& head, bool end);
  Result<void> inform(H2Stream& stream, const ResponseHead& head);
  // After the outbox grew or send_ended was set.
  void resume(H2Stream& stream);
  // The application is done with so many bytes of the inbox.
  void consumed(H2Stream& stream, std::size_t bytes);
  // Gives the stream up: RST_STREAM; its error becomes Errc::cancelled.
  void reset(H2Stream& stream, H2Code code);
  // The exchange goes away: a finished response is still delivered, anything else is reset.
  void detach(H2Stream& stream);

  bool accepts_streams() const;              // client role: another request can be made
  bool settled() const { return settled_; }  // the peer's SETTINGS were seen
  bool peer_speaks_extended_connect() const;
  std::uint32_t peer_max_streams() const;
  std::size_t streams() const { return streams_.size(); }
  bool head_pending() const { return meter_.head_pending(); }
  const std::optional<Error>& error() const { return error_; }

 private:
  friend struct H2Callbacks;  // the engine's side, in the source file
  struct SessionDeleter {
    void operator()(nghttp2_session* session) const;
  };

  Fault peer_fault() const { return role_ == H2Role::server ? Fault::client : Fault::origin; }
  void submit_settings();
  Result<void> abort(H2Code code, Error error);
  void announce();
  void announce_refused();
  void deliver();
  void touch(H2Stream& stream);
  void forget(H2Stream& stream);  // erases it from the table and marks it closed
  void complete_head(H2Stream& stream, bool end_stream);
  void complete_request(H2Stream& stream, bool end_stream);
  void complete_response(H2Stream& stream, bool end_stream);
  void refuse_large_head(H2Stream& stream, bool end_stream);
  void reject(H2Stream& stream, Error error, H2Code code);
  void note_refused(const Error& why, int status);
  void finish_closed(H2Stream& stream, std::uint32_t code);
  void end_was_sent(H2Stream& stream);
  Error closing_error(const H2Stream& stream, std::uint32_t code) const;
  std::ptrdiff_t read_outbox(H2Stream& stream, std::size_t room, std::uint32_t* flags);

  H2Role role_;
  LimitSettings limits_;
  Events& events_;
  H2Meter meter_;
  std::unique_ptr<nghttp2_session, SessionDeleter> session_;
  std::unordered_map<std::int32_t, std::shared_ptr<H2Stream>> streams_;
  std::unordered_map<std::int32_t, std::shared_ptr<H2Stream>> lost_;  // after lose()
  std::vector<std::shared_ptr<H2Stream>> touched_;
  std::vector<std::shared_ptr<H2Stream>> requests_;  // to be announced when the engine returns
  struct Refused {
    Error why;
    int status;
  };
  std::vector<Refused> refused_;  // so are these
  H2FieldList fields_;
  MutableBytes out_;  // where pull() writes, while it runs
  std::size_t out_used_ = 0;
  ByteView leftover_;  // produced by the engine, did not fit; valid until the next pull
  std::optional<Error> error_;
  std::optional<Error> pending_;  // found inside the engine: ends the connection when it returns
  bool delivering_ = false;
  bool settled_ = false;
  bool peer_changed_ = false;
  bool peer_leaving_ = false;  // GOAWAY came
  bool draining_ = false;
  bool last_goaway_ = false;  // the one with the final stream id is queued
};

}  // namespace weir
