// The data of one unencrypted PDF stream, as far as structure needs it: FlateDecode (zlib) with or
// without a PNG predictor (ISO 32000-2, 7.4.4), or no filter. Bounded by `most`; what is broken
// ends early. Pure functions, any thread.
#pragma once

#include <string>

#include "core/bytes.h"
#include "inspect/formats/pdf_value.h"

namespace weir {

// `packed` starts with the stream's first byte and may go on behind it. Empty when the filter is
// another one.
std::string pdf_stream_data(const PdfValue& dictionary, ByteView packed, std::size_t most);

// Up to `most` bytes of a zlib stream.
std::string pdf_inflate(ByteView packed, std::size_t most);

}  // namespace weir
