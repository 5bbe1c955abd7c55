// The Public Suffix List as libpsl has it built in: where registrable domains begin. The only file
// that knows libpsl is public_suffix.cc. Hosts are canonical. Any thread.
#pragma once

#include <string_view>

namespace weir {

bool is_public_suffix(std::string_view host);  // "com", "co.uk", "github.io", and unlisted tops

// The part of `host` that somebody registered ("a.b.co.uk" → "b.co.uk"), a view into it; "" for a
// public suffix.
std::string_view registrable_domain(std::string_view host);

// The suffix of `host` that stands in the list's private part ("a.b.github.io" → "github.io"),
// under which strangers get names from its owner; "" when the suffix that counts is a registry's. A
// view into `host`.
std::string_view private_suffix(std::string_view host);

}  // namespace weir
