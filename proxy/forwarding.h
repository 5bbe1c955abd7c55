// What changes in a message on its way through (RFC 9110 section 7.6): Via, codings that we can
// read, fields that would lead around the gateway. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/http_message.h"

namespace weir {

class Random;

// A name in Via that no other gateway has.
std::string random_via_name(Random& random);

// True if this gateway's pseudonym is already in Via: the request has come round.
bool came_through(const Fields& fields, std::string_view via_name);

struct ForwardOptions {
  std::string_view via_name;
  bool keep_range = false;  // false: the whole is fetched, inspected and cut
};

// The request as the origin gets it.
RequestHead forwarded_request(const RequestHead& from, const ForwardOptions& options);

// The response head as the client gets it; framing is left to delivery.
ResponseHead forwarded_response(const ResponseHead& from, std::string_view via_name);

// Content types of responses that do not end by themselves: event streams, gRPC and the like.
bool is_endless(std::string_view content_type);
// The media type without parameters, lower case.
std::string media_type(std::string_view content_type);
// The name under which a client would save this: Content-Disposition, else the URL's last segment.
std::string file_name(const Fields& response, std::string_view path);
// True if the request is likely for media that a player seeks in (RFC: Sec-Fetch-Dest), so that its
// Range may be forwarded and judged by what comes back.
bool wants_media(const RequestHead& request);

}  // namespace weir
