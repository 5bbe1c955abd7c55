// HTTP/1 messages as text (RFC 9112). Framing, Connection, Host, Upgrade and Expect are written
// from the members of the head, never from its fields. Sans-io, pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/http_message.h"

namespace weir {

// The encoders append to `out` and return true, or leave it as it was and return false: something
// in the head could not be carried without changing its meaning.

// In origin-form; CONNECT in authority-form. Framing `none` says Content-Length: 0 where the method
// leads one to expect content.
[[nodiscard]] bool encode_h1(const RequestHead& head, std::string& out);

// How a response goes to this client.
struct H1ResponsePlan {
  Framing framing;          // of the body on the wire; `none` when there is no body
  bool body = false;        // a body follows the head
  bool raw = false;         // after the head both directions are bytes (101, 2xx to CONNECT)
  bool keep_alive = false;  // another request may follow
};
// `may_stay` is false if the connection must end for reasons of its own.
H1ResponsePlan plan_response(const RequestHead& request, const ResponseHead& head, bool may_stay);

[[nodiscard]] bool encode_h1(const ResponseHead& head, const H1ResponsePlan& plan,
                             HttpVersion client, std::string& out);

void append_chunk_start(std::uint64_t size, std::string& out);  // size > 0
// The last chunk and those trailers that may be there.
void append_last_chunk(const Fields& trailers, std::string& out);

}  // namespace weir
