// The request-target of an HTTP/1 request in its four forms, and whether Host agrees with it
// (RFC 9112 section 3.2 and 3.3). Pure; internal to the head parser.
#pragma once

#include <optional>
#include <string_view>

#include "core/http_message.h"

namespace weir {

// Sets scheme, authority and path of `head` from the target, by its method. `host` is the Host
// field's value, if there was one. Returns the reason for a refusal, or "".
std::string_view read_target(std::string_view target, std::optional<std::string_view> host,
                             RequestHead& head);

}  // namespace weir
