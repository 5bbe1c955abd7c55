// Base64 (RFC 4648 section 4), strict: no whitespace, padding required.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace weir {

std::string base64_encode(ByteView bytes);
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace weir
