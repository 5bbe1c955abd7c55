// Upgrades as they cross protocol versions: WebSocket over HTTP/2 (RFC 8441 extended CONNECT) to an
// HTTP/1.1 origin (RFC 6455), and its answer back. Pure.
#pragma once

#include <string>

#include "core/http_message.h"
#include "core/random.h"
#include "core/result.h"

namespace weir {

// Turns an extended CONNECT into the HTTP/1.1 upgrade that `onward` becomes, and returns the
// Sec-WebSocket-Key it made up; "" when nothing had to be translated.
std::string request_upgrade(const RequestHead& request, RequestHead& onward, Random& random);

// The origin's answer to an upgrade as the client's version says it. Errors (malformed, origin):
// the accept value does not prove that the origin spoke WebSocket.
Result<ResponseHead> upgraded_response(const RequestHead& request, ResponseHead head,
                                       const std::string& key);

std::string websocket_accept(const std::string& key);  // RFC 6455 4.2.2

}  // namespace weir
