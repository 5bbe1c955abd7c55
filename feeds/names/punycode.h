// Punycode (RFC 3492 section 6.2), decoding only and without judging: what a label shows to a
// reader counts here, even where IDNA would refuse it. Pure function.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// `encoded` is a label without its "xn--". False for what is no Punycode or has over 63 letters;
// `out` is then unspecified.
bool decode_punycode(std::string_view encoded, std::u32string& out);

}  // namespace weir
