// The bytes of one HTTP/1 connection, both ways: what came in and is not used yet, what is to go
// out and has not been sent, and how each direction ended. Shared by a connection, its stream and
// the background look-out for the peer's end. Loop thread only.
//
// Reading is by one coroutine, writing by up to two, which take turns. A read failure does not stop
// writing, nor the other way: an origin may answer before it stops listening.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "conf/settings.h"
#include "core/co.h"
#include "core/result.h"
#include "proxy/http/h1_input.h"
#include "proxy/net/byte_stream.h"
#include "proxy/net/signal.h"

namespace weir {

class H1Link {
 public:
  H1Link(Loop& loop, std::unique_ptr<ByteStream> stream, std::string initial,
         const LimitSettings& limits, Fault peer);
  ~H1Link();

  // Waits for more input: true when some was added, false at the peer's orderly end. Errors:
  // timeout, truncated, cancelled and what the stream says. `idle`: waits before it tries, holding
  // no buffer. A second reader at the same time gets Errc::busy.
  Co<Result<bool>> more(Duration limit, bool idle = false);

  // Sends pending(), then `piece`, in as few steps as possible. `limit` bounds each wait.
  Co<Result<void>> write(ByteView piece, Duration limit);
  std::string& pending() { return pending_; }
  bool writing() const { return writing_; }
  std::uint64_t sent() const { return sent_; }  // bytes that the stream took

  // Looks out for the peer's end while nobody reads, until somebody does or the buffer is full.
  static void watch(std::shared_ptr<H1Link> link);
  // Called from the loop when the peer's end or a failure is noticed.
  void on_end(std::function<void()> callback) { on_end_ = std::move(callback); }

  bool peer_ended() const { return ended_; }
  bool broken() const { return read_error_.has_value() || write_error_.has_value(); }
  const std::optional<Error>& read_error() const { return read_error_; }
  bool is_open() const { return stream_ && stream_->is_open(); }
  // Nothing came in and the peer is there, as far as one look tells.
  bool quiet();

  void shutdown_write();
  void close(bool abrupt);
  std::unique_ptr<ByteStream> take_stream();
  void release_idle();  // gives back what an idle connection does not need

  Loop& loop() { return loop_; }
  Fault peer() const { return peer_; }

  H1Input input;

 private:
  static Co<void> look_out(std::shared_ptr<H1Link> link);
  bool take_in();  // one fill for the look-out; false: stop looking
  Co<Result<void>> begin_writing(Duration limit);
  Result<Wait> push(ByteView& bytes);
  Co<Result<void>> write_all(ByteView bytes, Duration limit);
  Error blame(Error error) const;
  Error note(std::optional<Error>& slot, Error error);
  void tell_end();

  Loop& loop_;
  std::unique_ptr<ByteStream> stream_;
  Fault peer_;
  std::string pending_;
  std::string current_;  // what is being written
  std::uint64_t sent_ = 0;
  bool writing_ = false;
  bool reading_ = false;   // a coroutine waits on the stream itself
  bool watching_ = false;  // the look-out does
  bool ended_ = false;
  std::optional<Error> read_error_;
  std::optional<Error> write_error_;
  std::optional<Signal> arrived_;
  std::optional<Signal> turn_;
  std::function<void()> on_end_;
};

}  // namespace weir
