// Mails as containers: messages and MHTML (RFC 5322, RFC 2045 to 2047, RFC 2557), and mboxes of
// them. The parts are handed out decoded under their file names; a part that is a message itself is
// one member, to be opened in turn. One pass over the file, its boundaries told as mail programs
// tell them. Where a header says two things, both are tried, because programs differ on which one
// counts. Any thread.
#pragma once

#include <memory>

#include "inspect/formats/container.h"

namespace weir {

// Null, without a problem, for what does not begin like a mail.
std::unique_ptr<Container> open_mime(const Subject& file, Reason& problem);

}  // namespace weir
