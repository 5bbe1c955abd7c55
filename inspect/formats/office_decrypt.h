// The content of encrypted Office documents once the key is known ([MS-OFFCRYPTO] 2.3.4.4 and
// 2.3.4.15 for packages; 2.3.5.4 and [MS-DOC] 2.2.6, [MS-XLS] 2.2.10, [MS-PPT] 2.3.7 for the
// others). Packages stream through one segment of memory; the others are read whole, at most
// kMostDecrypted bytes. Sources refer to the compound file, which must outlive them. One thread.
#pragma once

#include <memory>

#include "inspect/formats/compound_file.h"
#include "inspect/formats/office_binary.h"
#include "inspect/formats/office_members.h"
#include "inspect/formats/office_package_key.h"

namespace weir {

inline constexpr std::size_t kMostDecrypted = 256U << 20;

std::unique_ptr<PieceSource> decrypt_package(const CompoundFile& file,
                                             const CompoundFile::Entry& entry,
                                             const PackageEncryption& encryption,
                                             const Octets& key);
std::unique_ptr<PieceSource> decrypt_binary(const CompoundFile& file,
                                            const CompoundFile::Entry& entry, BinaryKind kind,
                                            const BinaryKey& key);

}  // namespace weir
