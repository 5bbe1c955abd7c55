// Decides how much of an inspected body may leave before the ruling, and sends it. What leaves is
// read back from the spool, so it is byte for byte what was inspected. One per inspected response;
// loop thread only.
#pragma once

#include <cstdint>
#include <optional>

#include "conf/profile.h"
#include "core/co.h"
#include "core/http_message.h"
#include "core/result.h"
#include "inspect/spool.h"
#include "proxy/http/streams.h"
#include "proxy/net/loop.h"
#include "proxy/range.h"

namespace weir {

class DeliveryGate {
 public:
  // With `trickle`, this many bytes at the end never leave before the ruling.
  static constexpr std::uint64_t kTrickleTail = 64 * 1024;

  // `wanted`: the client asked for a range, to be cut from the whole (hold only).
  DeliveryGate(Delivery delivery, ResponseHead head, ClientStream& client, Spool& spool, Loop& loop,
               std::optional<ByteRange> wanted);

  // After each piece that went into the spool: sends what may leave now.
  Co<Result<void>> advance();
  // The ruling allows: sends the rest and ends the message.
  Co<Result<void>> release(const Fields& trailers);
  // The ruling allows although only a part was taken: sends that part, and leaves the message open
  // for the caller to go on with.
  Co<Result<void>> release_part();

  bool started() const { return started_; }  // the head has left: a page is no longer possible
  int status() const { return head_.status; }

 private:
  Co<Result<void>> start(std::optional<std::uint64_t> total);
  Co<Result<void>> send_from_spool(std::uint64_t upto);

  Delivery delivery_;
  ResponseHead head_;
  ClientStream& client_;
  Spool& spool_;
  Loop& loop_;
  std::optional<ByteRange> wanted_;
  bool started_ = false;
  std::uint64_t sent_ = 0;  // offset into the spool up to which everything has left
};

}  // namespace weir
