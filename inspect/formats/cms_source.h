// Finds the DER of a CMS or key file in its three coats: as it is, as bare base64, as PEM (RFC
// 7468). Sans-io, any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/bytes.h"

namespace weir {

// The first bytes of the DER, up to `most` if it had to be decoded; empty when there is none.
// `storage` holds what was decoded and must outlive the view.
ByteView cms_der(ByteView file, std::size_t most, std::string& storage);

// A PEM block's label, e.g. "RSA PRIVATE KEY", when the file begins with one (after at most 4 KiB
// of other text); `body` is what follows that line.
std::string_view pem_label(std::string_view text, std::string_view& body);

}  // namespace weir
