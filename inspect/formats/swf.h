// Compressed Flash films (SWF File Format Specification 19, chapter 2): "CWS" is deflated, "ZWS" is
// LZMA. Sans-io, any thread.
#pragma once

#include <memory>

#include "inspect/formats/container.h"

namespace weir {

// Members: "body.swf", the uncompressed film with its header, or "body.lzma", the packed body in
// the form that archive readers open. A plain "FWS" film needs no opening.
std::unique_ptr<Container> open_swf(const Subject& file, Reason& problem);

}  // namespace weir
