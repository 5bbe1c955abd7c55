// Moves bytes between one connection and one HTTP/2 session: one reading and one writing coroutine,
// the writer woken when there may be output. What several streams have to say in one turn of the
// loop goes out in one write. A waiting link holds no buffer.
//
// Shared by its connection object, its coroutines and its exchanges, so that each may end first.
// Loop thread only. When the connection breaks or breaks the protocol, every stream ends with the
// error; calls after that are harmless.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "conf/settings.h"
#include "core/co.h"
#include "core/result.h"
#include "proxy/http/h2_session.h"
#include "proxy/net/byte_stream.h"
#include "proxy/net/signal.h"

namespace weir {

class Loop;

struct H2LinkOptions {
  Duration write{};  // a peer that takes nothing
  Duration head{};   // preface or header block from its first byte to its last
  Duration idle{};   // no stream; the link says goodbye
};

class H2Link final : public H2Session::Events, public std::enable_shared_from_this<H2Link> {
 public:
  H2Link(Loop& loop, std::unique_ptr<ByteStream> stream, H2Role role, const LimitSettings& limits,
         H2LinkOptions options);

  // Both run until the connection has ended; each is spawned or awaited once.
  static Co<void> read_loop(std::shared_ptr<H2Link> link);
  static Co<void> write_loop(std::shared_ptr<H2Link> link);

  Loop& loop() { return loop_; }
  H2Session& session() { return session_; }
  ByteStream& stream() { return *stream_; }
  void wake();          // there may be output
  void drain();         // no new streams, then the end
  void end(Error why);  // at once
  bool ended() const { return ended_; }
  // Why it ended; success for an orderly end between exchanges.
  const Result<void>& outcome() const { return outcome_; }

  // Set by the connection object, cleared when it goes.
  std::function<void(std::shared_ptr<H2Stream>)> request_handler;
  std::function<void()> peer_handler;
  std::function<void(const Error&, int status)> refused_handler;

 private:
  void on_request(std::shared_ptr<H2Stream> stream) override;
  void on_peer_changed() override;
  void on_refused(const Error& why, int status) override;

  Co<bool> read_turn();  // false: the connection has ended
  Co<bool> wait_for_bytes();
  Duration read_limit();
  bool taken(ByteView bytes);
  void waited_too_long();
  void peer_ended();
  void finish(Result<void> outcome);
  Co<bool> write_all(ByteView bytes);

  Loop& loop_;
  std::unique_ptr<ByteStream> stream_;
  H2LinkOptions options_;
  Fault peer_fault_;
  H2Session session_;
  Signal output_;
  std::optional<SteadyTime> head_since_;
  SteadyTime last_activity_;  // bytes in either direction
  Result<void> outcome_;
  bool closing_ = false;  // what is queued is still written, nothing is read
  bool ended_ = false;
};

}  // namespace weir
