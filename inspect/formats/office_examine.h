// Which Office documents cannot be read without a secret ([MS-OFFCRYPTO] and the formats that use
// it): OOXML, DOC, XLS and PPT in compound files, on the outside or embedded, rights management,
// HWP 5, Access, OneNote, OpenDocument, iWork. What one of the passwords opens that the programs
// try by themselves (kOfficeDefaultPasswords) is not encrypted: open_office_encrypted gives what is
// inside. Protection against changes alone is no encryption. Sans-io, any thread.
#pragma once

#include <array>
#include <string_view>

#include "inspect/formats/remark.h"

namespace weir {

// Excel's, for workbooks with a password against changes, and PowerPoint's.
inline constexpr std::array<std::string_view, 2> kOfficeDefaultPasswords{"VelvetSweatshop",
                                                                         "/01Hannes Ruescher/01"};

void examine_office(const Subject& file, Remarks& remarks);

}  // namespace weir
