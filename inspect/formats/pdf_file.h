// PDF files (ISO 32000-2). The examiners read structure with bounded readers of our own; what they
// cannot decide cheaply they leave out. The openers and examine_pdf_signs read with libqpdf, whose
// exceptions end in pdf_library.cc. Any thread.
#pragma once

#include <span>
#include <string>

#include "inspect/formats/container.h"

namespace weir {

// encrypted: "pdf-rc4-40", "pdf-rc4-128", "pdf-aes128", "pdf-aes256", "pdf-aes256-gcm",
// "pdf-pubsec", "pdf-handler-NAME"; partly-encrypted: "pdf-aes256-attachments" and the like. Sign,
// weight 0: "pdf-owner-password".
void examine_pdf(const Subject& file, Remarks& remarks);

// What ordinary documents do not have: "pdf-launch", "pdf-open-script", …
void examine_pdf_signs(const Subject& file, Remarks& remarks);

// What a PDF carries beside its pages: attachments under their names, scripts, forms in XML, and
// streams whose content begins like a program, an archive or a document. A file that the empty
// password opens is read; for one that another opens the only member is the file without its
// encryption, to be inspected like any other. problem: encrypted when nothing opens it, corrupt
// when it begins like a PDF and cannot be read as one, too_many beyond a million objects.
std::unique_ptr<Container> open_pdf(const Subject& file, Reason& problem);
std::unique_ptr<Container> open_pdf(const Subject& file, std::span<const std::string> passwords,
                                    Reason& problem);

}  // namespace weir
