// Heads of HTTP/1 messages, strictly by RFC 9112 and RFC 9110: what another recipient could read in
// another way is refused, not repaired. Sans-io: H1HeadFinder says where a head ends, the parsers
// read a whole one. The result does not depend on how the bytes were split.
//
// Errors: Errc::malformed, too_large or unsupported; `what` begins with a word for the reason
// ("bare-lf: ..."), which the framing table of the tests lists. Values are never quoted in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "conf/settings.h"
#include "core/http_message.h"
#include "core/result.h"

namespace weir {

class H1HeadFinder {
 public:
  enum class Kind : std::uint8_t { request, response, trailers };
  H1HeadFinder(Kind kind, std::size_t max_bytes) : kind_(kind), max_bytes_(max_bytes) {}

  // The size of the head that `bytes` begins with, its empty line included; nullopt: not all of it
  // is here. Called again with the same bytes and more behind them; each byte is looked at once.
  Result<std::optional<std::size_t>> find(std::string_view bytes);
  void restart();

 private:
  Result<void> check_start(std::string_view bytes) const;
  std::unexpected<Error> refuse(std::string_view why) const;

  Kind kind_;
  std::size_t max_bytes_;
  std::size_t line_ = 0;     // where the current line begins
  std::size_t scanned_ = 0;  // no line feed between line_ and here
  bool skipped_ = false;     // one empty line before a request is forgiven (RFC 9112 2.2)
  bool in_fields_ = false;
};

// `head` is what the finder measured. Host, Content-Length, Transfer-Encoding, Connection, the
// fields that it names and the other hop-by-hop fields are taken out and end up in the members of
// the head. Proxy-Authorization stays: it is for the caller.
Result<RequestHead> parse_request_head(std::string_view head, const LimitSettings& limits);

// The method of the request decides what the framing means. For HEAD and 304 the framing tells what
// a body would have had; there is none.
Result<ResponseHead> parse_response_head(std::string_view head, std::string_view request_method,
                                         const LimitSettings& limits);

// The fields after the last chunk; the ones that must not be there are refused.
Result<Fields> parse_trailers(std::string_view section, Fault peer, const LimitSettings& limits);

// What a client that sent something unreadable is told: 400, 408, 414, 417, 431, 501 or 505.
int status_for(const Error& error);

}  // namespace weir
