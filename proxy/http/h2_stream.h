// One HTTP/2 stream as its session and its exchange both see it. They share it, because either may
// end first: the session drops it when the stream closes on the wire, the exchange when nobody
// wants it any more. Loop thread only; plain state, no suspension in here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/bytes.h"
#include "core/http_message.h"
#include "core/result.h"
#include "proxy/http/h2_head.h"

namespace weir {

// Body bytes that arrived: appended at one end, handed out in slices at the other. What was handed
// out stays where it is until the next take().
class H2Inbox {
 public:
  static constexpr std::size_t kSlice = 64 * 1024;

  void append(ByteView bytes) { arriving_.insert(arriving_.end(), bytes.begin(), bytes.end()); }
  ByteView take();  // empty when there is nothing
  std::size_t size() const { return handed_out_.size() - offset_ + arriving_.size(); }
  bool empty() const { return size() == 0; }

 private:
  std::vector<std::uint8_t> handed_out_;
  std::vector<std::uint8_t> arriving_;
  std::size_t offset_ = 0;
};

// Body bytes that wait to be framed. Small pieces are copied; a large one is borrowed from its
// sender, who waits until it is gone.
class H2Outbox {
 public:
  static constexpr std::size_t kHigh = 64 * 1024;    // senders wait above this
  static constexpr std::size_t kCopied = 16 * 1024;  // pieces up to this are copied

  void append(ByteView bytes) { owned_.insert(owned_.end(), bytes.begin(), bytes.end()); }
  void borrow(ByteView bytes) { borrowed_ = bytes; }  // only when nothing is borrowed
  void forget_borrowed() { borrowed_ = {}; }
  void clear();
  std::size_t size() const { return owned_.size() - offset_ + borrowed_.size(); }
  bool borrowing() const { return !borrowed_.empty(); }
  void move_to(MutableBytes out);  // out.size() <= size()

 private:
  std::vector<std::uint8_t> owned_;
  std::size_t offset_ = 0;
  ByteView borrowed_;
};

// Hears that something about a stream changed; asks the stream what. Never called from inside a
// call into the session.
class H2Watcher {
 public:
  virtual void stream_changed() = 0;

 protected:
  ~H2Watcher() = default;
};

struct H2Stream : std::enable_shared_from_this<H2Stream> {
  std::int32_t id = 0;  // 0: the head is not submitted yet (client role)
  H2Watcher* watcher = nullptr;

  // What the peer sent.
  RequestHead request;              // server role
  std::vector<ResponseHead> heads;  // client role: not yet read, in order
  Fields trailers;
  H2Inbox inbox;
  std::size_t unconsumed = 0;  // in the inbox or handed out: not yet given back to the window
  bool final_head = false;     // the head that is not informational is here
  bool ended = false;          // END_STREAM came and everything was as announced

  // What we send.
  H2Outbox outbox;
  Fields own_trailers;
  bool head_submitted = false;
  bool head_sent = false;
  bool send_ended = false;   // nothing will be added to the outbox
  bool end_sent = false;     // END_STREAM is on its way
  bool room_wanted = false;  // a sender waits for the outbox to drain

  // Its end. An error is never taken back; data that came before it can still be read, unless we
  // gave the stream up ourselves.
  bool closed = false;  // the session has let go of it
  bool given_up = false;
  std::optional<Error> error;

  // The session's own notes.
  std::optional<H2HeadDecoder> decoder;
  std::optional<std::uint32_t> peer_reset;
  std::uint32_t informational_count = 0;
  bool deferred = false;
  bool detached = false;  // no exchange any more: what comes in is dropped
  bool touched = false;
};

}  // namespace weir
