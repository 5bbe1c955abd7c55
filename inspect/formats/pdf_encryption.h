// What the encryption dictionary of a PDF says (ISO 32000-2, 7.6; ISO/TS 32003 for AES-GCM): who
// can open it and what is encrypted. For the standard security handler the empty user password is
// tried, as every viewer does before it asks: a file that it opens only restricts what people may
// do. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>

#include "core/bytes.h"
#include "inspect/formats/pdf_structure.h"

namespace weir {

enum class PdfLock : std::uint8_t {
  none,         // not encrypted, or by filters that change nothing
  open,         // by the empty user password
  attachments,  // only embedded files, or single streams, need a secret
  closed,
};

struct PdfEncryption {
  PdfLock lock = PdfLock::none;
  std::string name;  // "pdf-aes256", "pdf-pubsec", "pdf-handler-ebx-handler"
};

// `encrypt` is a resolved encryption dictionary, `id` the first string of the trailer's ID.
PdfEncryption pdf_encryption(const PdfValue& encrypt, std::string_view id,
                             const PdfStructure& structure);

// Whether the empty user password fits (7.6.4.4): revisions 2 to 4 with a key of `key_bytes`, and 5
// and up.
bool pdf_opens_with_nothing(const PdfValue& encrypt, std::string_view id, std::size_t key_bytes);

}  // namespace weir
