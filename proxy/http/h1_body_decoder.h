// The body of an HTTP/1 message as its framing says (RFC 9112 sections 6 and 7), strictly: chunk
// sizes are bare hex, chunk extensions are refused, lines end in CR LF. Sans-io; one per message.
// The bytes given out and the outcome do not depend on how the input was split.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "conf/settings.h"
#include "core/bytes.h"
#include "core/http_message.h"
#include "core/result.h"
#include "proxy/http/h1_head_parser.h"

namespace weir {

class H1BodyDecoder {
 public:
  // `limits` bounds the trailers and must outlive this.
  H1BodyDecoder(Framing framing, Fault peer, const LimitSettings& limits);

  struct Step {
    std::size_t consumed = 0;  // bytes of the input that are done with, `data` included
    ByteView data;             // part of the input; empty: more input is needed, or complete()
  };
  // Never call again after an error. Bytes after the end of the message are not consumed.
  Result<Step> feed(ByteView input);
  // The peer ended its direction: fine for until_close, Errc::truncated before any other end.
  Result<void> end_of_input();

  bool complete() const { return state_ == State::done; }
  bool started() const { return started_; }  // some of the body has been seen
  const Fields& trailers() const { return trailers_; }

 private:
  enum class State : std::uint8_t {
    bytes,  // of a known length, or until the end
    size,
    size_lf,
    chunk,
    chunk_cr,
    chunk_lf,
    trailers,
    done,
  };
  Result<void> take_control(std::uint8_t byte);
  Result<void> take_size_digit(std::uint8_t byte);
  Result<std::size_t> take_trailers(ByteView input);
  ByteView take_data(ByteView input);
  std::unexpected<Error> refuse(std::string_view why) const;

  State state_;
  Framing::Kind kind_;
  Fault peer_;
  const LimitSettings& limits_;
  bool started_ = false;
  std::uint64_t left_ = 0;  // of the body or the chunk
  unsigned digits_ = 0;     // of the chunk size
  std::string trailer_text_;
  H1HeadFinder trailer_end_;
  Fields trailers_;
};

}  // namespace weir
