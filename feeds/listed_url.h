// URLs as lists write them, and the key under which the index knows a URL. Requests and lists go
// through the same url_key(), so that no spelling of a listed URL passes. Any thread.
#pragma once

#include <memory_resource>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/url.h"

namespace weir {

// As parse_url, and further: no scheme means http, userinfo is dropped, a host with letters outside
// of ASCII becomes xn--, and what browsers pass over (control characters at the ends, tabs and line
// ends anywhere, zeros before the port) goes. NUL is still refused.
Result<Url> parse_listed_url(std::string_view text);

// A host name as lists write it, to the form of canonical_host: letters outside of ASCII allowed.
Result<std::string> listed_host(std::string_view text);

// A URL without scheme and fragment: host[:port]/path[?query], the port only when it is not the
// scheme's own. Beyond the URL standard, percent escapes of printable ASCII are decoded once (all
// but %25, %3F and %23, in the query also %26, %2B and %3D), other escapes are upper case, a slash
// written %2F or as a backslash is a slash, runs of slashes are one, dots are resolved after all
// that, and an empty query goes. Doing it twice changes nothing.
std::string url_key(const Url& url);

// The same into `out`, which was empty; returns where the path begins.
std::size_t write_url_key(const Url& url, std::pmr::string& out);

}  // namespace weir
