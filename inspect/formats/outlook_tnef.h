// TNEF, the attachment "winmail.dat" of Outlook ([MS-OXTNEF]): its attachments and bodies as
// members. Attachments that are in properties (embedded messages) are given as they are stored.
// Sans-io; the bytes outlive what is made of them. One thread.
#pragma once

#include <memory>

#include "inspect/formats/container.h"

namespace weir {

std::unique_ptr<Container> open_tnef(const Subject& file, Reason& problem);

}  // namespace weir
