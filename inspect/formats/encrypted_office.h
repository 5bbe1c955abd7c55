// Office documents with a password: an OLE file whose directory has a stream "EncryptedPackage"
// ([MS-OFFCRYPTO] 2.3), in which the OOXML document lies encrypted. Sans-io, any thread.
#pragma once

#include "core/bytes.h"

namespace weir {

bool is_encrypted_ooxml(ByteView file);

}  // namespace weir
