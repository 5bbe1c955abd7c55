// Writes the body of one HTTP/1 message as its framing says, behind whatever head is still pending.
// A small piece leaves together with the head, in one step. Owned by the stream whose body it is.
#pragma once

#include <cstdint>

#include "core/co.h"
#include "core/http_message.h"
#include "core/result.h"
#include "proxy/http/h1_link.h"

namespace weir {

class H1BodyWriter {
 public:
  H1BodyWriter(H1Link& link, Framing framing, Duration limit)
      : link_(link), framing_(framing), left_(framing.length), limit_(limit) {}

  // Errc::internal for more than the promised length.
  Co<Result<void>> send(ByteView piece);
  // Errc::internal for less than the promised length: the message must then be broken off.
  Co<Result<void>> finish(const Fields& trailers);

  bool finished() const { return finished_; }
  const Framing& framing() const { return framing_; }
  std::uint64_t sent() const { return sent_; }  // body bytes

 private:
  Co<Result<void>> send_chunk(ByteView piece);

  H1Link& link_;
  Framing framing_;
  std::uint64_t left_;
  Duration limit_;
  std::uint64_t sent_ = 0;
  bool finished_ = false;
};

}  // namespace weir
